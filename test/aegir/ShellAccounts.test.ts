import assert from "node:assert/strict";
import { newKey } from "../support/keys";
import { PlainFiles } from "../support/PlainClient";
import { AegirFixture, CRON_SECONDS } from "./AegirFixture";
import type { ManualClock } from "./Clock";
import { fullSeed } from "./seed";

const refused = { level: "client-authentication" };
const DAY = 86_400;

describe("the small Aegir's shell accounts", () => {
  const fixture = new AegirFixture({ seed: fullSeed });
  const names = () => fixture.aegir.tables().accounts.map(({ name }) => name);
  const cron = (clock: ManualClock) => clock.advance(CRON_SECONDS);

  // docs/aegir.md#shell-accounts
  it("come from client directories with a live link, named by letters and digits; admin never has one", () => {
    cron(fixture.clock);
    assert.deepEqual(names(), ["o1.acme", "o1.beta", "o1.foobar", "o1.gone", "o1.legacyco", "o1.octopus123456"]);
    assert.equal(fixture.aegir.tables().links["admin"], undefined);
  });

  // docs/aegir.md#shell-accounts
  it("show their client's sites over SFTP, and nothing else", async () => {
    const files = await fixture.files("o1.acme", fixture.password("o1.acme"));
    assert.deepEqual(await files.list("/"), [".ssh", "sites"]);
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
    const files = await fixture.mainFiles();
    assert.deepEqual(await files.list("/users"), names());
    assert.match(await files.read("/users/o1.acme"), /^[A-Za-z0-9%@]{64}\n$/);
    await files.unlink("/users/o1.acme");
    await assert.rejects(files.read("/users/o1.acme"), /No such file/);
    await assert.rejects(files.unlink("/users/o1.acme"), /No such file/);
  });

  // docs/aegir.md#rotation
  it("are replaced when the file is gone: new password, new uid, empty home", async () => {
    const old = fixture.password("o1.acme");
    const uid = fixture.aegir.tables().accounts.find(({ name }) => name === "o1.acme")?.uid;
    const before = await fixture.files("o1.acme", old);
    await before.write("/.ssh/known_hosts", "mine");
    assert.equal(await before.read("/.ssh/known_hosts"), "mine");
    await assert.rejects(before.write("/notes.txt", "mine"), /Permission denied/, "the home is immutable");
    await (await fixture.mainFiles()).unlink("/users/o1.acme");
    // Until the cron runs, nothing has happened.
    (await fixture.files("o1.acme", old)).close();
    cron(fixture.clock);
    const fresh = fixture.password("o1.acme");
    assert.notEqual(fresh, old);
    await assert.rejects(fixture.files("o1.acme", old), refused);
    const after = await fixture.files("o1.acme", fresh);
    assert.deepEqual([await after.list("/"), await after.list("/.ssh")], [[".ssh", "sites"], []]);
    assert.notEqual(fixture.aegir.tables().accounts.find(({ name }) => name === "o1.acme")?.uid, uid);
  });

  // docs/aegir.md#account-keys
  it("take no key that their holder has uploaded, because mysecureshell lets the group write to it", async () => {
    const key = newKey();
    const files = await fixture.files("o1.acme", fixture.password("o1.acme"));
    await files.write("/.ssh/authorized_keys", `${key.public}\n`);
    const { host, port, hostKey } = fixture.aegir.accounts;
    const withKey = { host, port, hostKey, user: "o1.acme", privateKey: key.private };
    await assert.rejects(PlainFiles.open(withKey), refused);
    fixture.aegir.writeAuthorizedKeys("o1.acme", `${key.public}\n`);
    (await PlainFiles.open(withKey)).close();
  });

  // docs/aegir.md#rotation
  it("do not return after a rotation when the client has no site", async () => {
    const password = fixture.password("o1.legacyco");
    fixture.aegir.panel.setOwner("legacy.example.com", "Acme Corp");
    fixture.aegir.runQueue();
    await (await fixture.mainFiles()).unlink("/users/o1.legacyco");
    cron(fixture.clock);
    assert.equal(names().includes("o1.legacyco"), false);
    await assert.rejects(fixture.files("o1.legacyco", password), refused);
  });

  // docs/aegir.md#account-removal
  it("outlive their last site by one run: first the directory goes, then the account", () => {
    fixture.aegir.panel.setOwner("legacy.example.com", "Acme Corp");
    fixture.aegir.runQueue();
    assert.deepEqual(fixture.aegir.tables().links["Legacy-Co"], []);
    assert.ok(fixture.aegir.runCron());
    assert.deepEqual([names().includes("o1.legacyco"), fixture.aegir.tables().links["Legacy-Co"]], [true, undefined]);
    assert.ok(fixture.aegir.runCron());
    assert.equal(names().includes("o1.legacyco"), false);
    assert.equal(fixture.aegir.tables().passwordFiles["o1.legacyco"], undefined);
  });

  // docs/aegir.md#account-cron-locks
  it("are left alone by runs that a lock skips", async () => {
    const old = fixture.password("o1.acme");
    fixture.aegir.faults.lockFiles.add("/run/boa_run.pid");
    await (await fixture.mainFiles()).unlink("/users/o1.acme");
    cron(fixture.clock);
    assert.equal(fixture.aegir.runCron(), false);
    (await fixture.files("o1.acme", old)).close();
    assert.equal(fixture.password("o1.acme"), "");
    fixture.aegir.faults.lockFiles.delete("/run/boa_run.pid");
    cron(fixture.clock);
    assert.notEqual(fixture.password("o1.acme"), "");
  });

  // docs/aegir.md#shell-account-names
  it("are shared by internal names that reduce to one, and flip between them", async () => {
    const files = await fixture.files("o1.foobar", fixture.password("o1.foobar"));
    const reached = [await files.list("/sites")];
    // Whichever directory the next run serves last wins.
    fixture.aegir.panel.setOwner("foobar.example.com", "Acme Corp");
    fixture.aegir.runQueue();
    cron(fixture.clock);
    reached.push(await files.list("/sites"));
    assert.deepEqual(reached, [["foobar.example.com"], ["foo-bar.example.com"]]);
  });

  // docs/aegir.md#disabled-sites
  it("keep to a disabled site, which counts as active", () => {
    for (const site of ["beta.example.com", "moved.example.com", "stale.example.com"]) {
      fixture.aegir.panel.setOwner(site, "Acme Corp");
    }
    fixture.aegir.runQueue();
    cron(fixture.clock);
    cron(fixture.clock);
    assert.deepEqual(fixture.site("disabled.example.com").links, ["beta"]);
    assert.ok(names().includes("o1.beta"));
  });

  // docs/aegir.md#task-outcome
  it("have no site for a recorded owner before the verify", async () => {
    fixture.aegir.panel.pauseQueue();
    fixture.aegir.panel.setOwner("free1.example.com", "Acme Corp");
    cron(fixture.clock);
    const acme = await fixture.files("o1.acme", fixture.password("o1.acme"));
    assert.equal((await acme.list("/sites")).includes("free1.example.com"), false);
    const octopus = await fixture.files("o1.octopus123456", fixture.password("o1.octopus123456"));
    assert.ok((await octopus.list("/sites")).includes("free1.example.com"));
    fixture.aegir.runQueue();
    assert.ok((await acme.list("/sites")).includes("free1.example.com"));
    assert.equal((await octopus.list("/sites")).includes("free1.example.com"), false);
  });

  // docs/aegir.md#password-age
  it("take a new password from their holder, and the file does not follow", async () => {
    const inFile = fixture.password("o1.acme");
    fixture.aegir.shellAccounts.changePassword("o1.acme", "chosen by the holder");
    await assert.rejects(fixture.files("o1.acme", inFile), refused);
    (await fixture.files("o1.acme", "chosen by the holder")).close();
    assert.equal(fixture.password("o1.acme"), inFile);
  });

  // docs/aegir.md#password-age
  it("let their password work for 90 days and say that it has expired on the next; a rotation or a change resets that", async () => {
    const inFile = fixture.password("o1.acme");
    const { clock } = fixture;
    clock.skip(90 * DAY);
    (await fixture.files("o1.acme", inFile)).close();
    clock.skip(DAY);
    await assert.rejects(fixture.files("o1.acme", inFile), /exit code|Unable to start subsystem|sftp/i);
    fixture.aegir.shellAccounts.changePassword("o1.acme", "chosen by the holder");
    (await fixture.files("o1.acme", "chosen by the holder")).close();
    await (await fixture.mainFiles()).unlink("/users/o1.beta");
    cron(clock);
    (await fixture.files("o1.beta", fixture.password("o1.beta"))).close();
  });

  // docs/aegir.md#password-file
  it("are not opened by a stale file that lay there before", async () => {
    await (await fixture.mainFiles()).write("/users/o1.twin1", "stale\n");
    fixture.aegir.panel.setOwner("free1.example.com", fixture.client("twin1").nid);
    fixture.aegir.runQueue();
    cron(fixture.clock);
    assert.ok(names().includes("o1.twin1"));
    assert.equal(fixture.password("o1.twin1"), "stale");
    await assert.rejects(fixture.files("o1.twin1", "stale"), refused);
  });

  // docs/aegir.md#password-file
  it("may have an empty password file for a moment", async () => {
    fixture.aegir.faults.passwordFileDelay = 2;
    const files = await fixture.mainFiles();
    await files.unlink("/users/o1.acme");
    cron(fixture.clock);
    assert.equal(await files.read("/users/o1.acme"), "");
    fixture.clock.advance(2);
    assert.match(await files.read("/users/o1.acme"), /^.{64}\n$/);
  });
});
