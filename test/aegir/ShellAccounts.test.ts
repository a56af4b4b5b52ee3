import assert from "node:assert/strict";
import type { ManualClock } from "./Clock";
import { fullSeed } from "./seed";
import { CRON_SECONDS, Stage } from "./Stage";

const refused = { level: "client-authentication" };

describe("the small Aegir's shell accounts", () => {
  const stage = new Stage({ seed: fullSeed });
  const names = () => stage.aegir.tables().accounts.map(({ name }) => name);
  const cron = (clock: ManualClock) => clock.advance(CRON_SECONDS);

  // docs/aegir.md#shell-accounts
  it("come from client directories with a live link, named by letters and digits; admin never has one", () => {
    cron(stage.clock);
    assert.deepEqual(names(), ["o1.acme", "o1.beta", "o1.foobar", "o1.gone", "o1.legacyco", "o1.octopus123456"]);
    assert.equal(stage.aegir.tables().links["admin"], undefined);
  });

  // docs/aegir.md#shell-accounts
  it("show their client's sites over SFTP, and nothing else", async () => {
    const files = await stage.files("o1.acme", stage.password("o1.acme"));
    assert.deepEqual(await files.list("/"), ["sites"]);
    const sites = ["acme.example.com", "reborn.example.com", "shop.acme.example.com", "stale.example.com"];
    assert.deepEqual(await files.list("/sites"), sites);
    assert.match(await files.read("/sites/acme.example.com/settings.php"), /acme\.example\.com/);
    for (const path of ["/../o1.beta", "/data/disk/o1", "/users", "/sites/../../beta", "/sites/beta.example.com"]) {
      await assert.rejects(files.list(path), /No such file/);
    }
    await assert.rejects(files.unlink("/sites/acme.example.com"));
    await assert.rejects(files.write("/sites/acme.example.com/settings.php", "x"), /Permission denied/);
  });

  // docs/aegir.md#password-file
  it("have a password file of one line, which o1.ftp alone may list, read and remove", async () => {
    const files = await stage.mainFiles();
    assert.deepEqual(await files.list("/users"), names());
    assert.match(await files.read("/users/o1.acme"), /^[A-Za-z0-9%@]{64}\n$/);
    await files.unlink("/users/o1.acme");
    await assert.rejects(files.read("/users/o1.acme"), /No such file/);
    await assert.rejects(files.unlink("/users/o1.acme"), /No such file/);
  });

  // docs/aegir.md#rotation
  it("are replaced when the file is gone: new password, new uid, empty home", async () => {
    const old = stage.password("o1.acme");
    const uid = stage.aegir.tables().accounts.find(({ name }) => name === "o1.acme")?.uid;
    const before = await stage.files("o1.acme", old);
    await before.write("/notes.txt", "mine");
    assert.equal(await before.read("/notes.txt"), "mine");
    await (await stage.mainFiles()).unlink("/users/o1.acme");
    // Until the cron runs, nothing has happened.
    (await stage.files("o1.acme", old)).close();
    cron(stage.clock);
    const fresh = stage.password("o1.acme");
    assert.notEqual(fresh, old);
    await assert.rejects(stage.files("o1.acme", old), refused);
    assert.deepEqual(await (await stage.files("o1.acme", fresh)).list("/"), ["sites"]);
    assert.notEqual(stage.aegir.tables().accounts.find(({ name }) => name === "o1.acme")?.uid, uid);
  });

  // docs/aegir.md#rotation
  it("do not return after a rotation when the client has no site", async () => {
    const password = stage.password("o1.legacyco");
    stage.aegir.panel.setOwner("legacy.example.com", "Acme Corp");
    stage.aegir.runQueue();
    await (await stage.mainFiles()).unlink("/users/o1.legacyco");
    cron(stage.clock);
    assert.equal(names().includes("o1.legacyco"), false);
    await assert.rejects(stage.files("o1.legacyco", password), refused);
  });

  // docs/aegir.md#account-removal
  it("outlive their last site by one run: first the directory goes, then the account", () => {
    stage.aegir.panel.setOwner("legacy.example.com", "Acme Corp");
    stage.aegir.runQueue();
    assert.deepEqual(stage.aegir.tables().links["Legacy-Co"], []);
    assert.ok(stage.aegir.runCron());
    assert.deepEqual([names().includes("o1.legacyco"), stage.aegir.tables().links["Legacy-Co"]], [true, undefined]);
    assert.ok(stage.aegir.runCron());
    assert.equal(names().includes("o1.legacyco"), false);
    assert.equal(stage.aegir.tables().passwordFiles["o1.legacyco"], undefined);
  });

  // docs/aegir.md#account-cron-locks
  it("are left alone by runs that a lock skips", async () => {
    const old = stage.password("o1.acme");
    stage.aegir.faults.lockFiles.add("/run/boa_run.pid");
    await (await stage.mainFiles()).unlink("/users/o1.acme");
    cron(stage.clock);
    assert.equal(stage.aegir.runCron(), false);
    (await stage.files("o1.acme", old)).close();
    assert.equal(stage.password("o1.acme"), "");
    stage.aegir.faults.lockFiles.delete("/run/boa_run.pid");
    cron(stage.clock);
    assert.notEqual(stage.password("o1.acme"), "");
  });

  // docs/aegir.md#shell-account-names
  it("are shared by internal names that reduce to one, and flip between them", async () => {
    const files = await stage.files("o1.foobar", stage.password("o1.foobar"));
    const reached = [await files.list("/sites")];
    // Whichever directory the next run serves last wins.
    stage.aegir.panel.setOwner("foobar.example.com", "Acme Corp");
    stage.aegir.runQueue();
    cron(stage.clock);
    reached.push(await files.list("/sites"));
    assert.deepEqual(reached, [["foobar.example.com"], ["foo-bar.example.com"]]);
  });

  // docs/aegir.md#disabled-sites
  it("keep to a disabled site, which counts as active", () => {
    for (const site of ["beta.example.com", "moved.example.com", "stale.example.com"]) {
      stage.aegir.panel.setOwner(site, "Acme Corp");
    }
    stage.aegir.runQueue();
    cron(stage.clock);
    cron(stage.clock);
    assert.deepEqual(stage.site("disabled.example.com").links, ["beta"]);
    assert.ok(names().includes("o1.beta"));
  });

  // docs/aegir.md#task-outcome
  it("have no site for a recorded owner before the verify", async () => {
    stage.aegir.panel.pauseQueue();
    stage.aegir.panel.setOwner("free1.example.com", "Acme Corp");
    cron(stage.clock);
    const acme = await stage.files("o1.acme", stage.password("o1.acme"));
    assert.equal((await acme.list("/sites")).includes("free1.example.com"), false);
    const octopus = await stage.files("o1.octopus123456", stage.password("o1.octopus123456"));
    assert.ok((await octopus.list("/sites")).includes("free1.example.com"));
    stage.aegir.runQueue();
    assert.ok((await acme.list("/sites")).includes("free1.example.com"));
    assert.equal((await octopus.list("/sites")).includes("free1.example.com"), false);
  });

  // docs/aegir.md#password-age
  it("take a new password from their holder, and the file does not follow", async () => {
    const inFile = stage.password("o1.acme");
    stage.aegir.shellAccounts.changePassword("o1.acme", "chosen by the holder");
    await assert.rejects(stage.files("o1.acme", inFile), refused);
    (await stage.files("o1.acme", "chosen by the holder")).close();
    assert.equal(stage.password("o1.acme"), inFile);
  });

  // docs/aegir.md#password-file
  it("are not opened by a stale file that lay there before", async () => {
    await (await stage.mainFiles()).write("/users/o1.twin1", "stale\n");
    stage.aegir.panel.setOwner("free1.example.com", stage.client("twin1").nid);
    stage.aegir.runQueue();
    cron(stage.clock);
    assert.ok(names().includes("o1.twin1"));
    assert.equal(stage.password("o1.twin1"), "stale");
    await assert.rejects(stage.files("o1.twin1", "stale"), refused);
  });

  // docs/aegir.md#password-file
  it("may have an empty password file for a moment", async () => {
    stage.aegir.faults.passwordFileDelay = 2;
    const files = await stage.mainFiles();
    await files.unlink("/users/o1.acme");
    cron(stage.clock);
    assert.equal(await files.read("/users/o1.acme"), "");
    stage.clock.advance(2);
    assert.match(await files.read("/users/o1.acme"), /^.{64}\n$/);
  });
});
