/** What OpenSSH with PAM does with a login whose password has expired, as those of BOA do after 90 days. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { SshError } from "../../../provider/ssh/SshError";
import { needOpenSsh, OpenSshServer } from "../OpenSshServer";
import { newKey } from "../ScriptedServer";
import { needRoot, SystemUser } from "../SystemUser";

describe("A login whose password has expired", () => {
  before(needOpenSsh);
  before(needRoot);
  const login = newKey();
  let user: SystemUser;
  let sshd: OpenSshServer;

  before(async () => {
    user = SystemUser.create();
    user.password = "a password of long ago";
    sshd = await OpenSshServer.start({ settings: ["UsePAM yes"], authorizedKeys: [login.public], user: user.name });
  });
  after(async () => {
    await sshd?.stop();
    user?.remove();
  });

  it("gets in with its key and may do nothing: no file, no command; the error says what it may be", async () => {
    const open = () => sshd.connection({ privateKey: login.private });
    const working = open();
    assert.equal(await (await working.sftp()).realpath("."), user.home);
    working.end();
    execFileSync("chage", ["--lastday", "0", user.name]);
    const expired = open();
    await assert.rejects(expired.sftp(), (error) => {
      assert.ok(error instanceof SshError);
      assert.equal(error.code, "refusedByServer");
      assert.match(
        error.message,
        /its password may have expired, which also blocks logins with a key.*Nothing was done/,
      );
      return true;
    });
    const { exitCode, stderr } = await expired.run("true", null, { deadlineSeconds: 20 });
    assert.equal(exitCode, 1);
    assert.match(stderr, /password has expired/);
    expired.end();
  });
});
