/** Whatever a login prints besides: the worker's answers get through (PROTOCOL.md, "Answers"). */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { PROTOCOL_VERSION } from "../../../provider/worker/protocol";
import { cleaningUp } from "../../support/cleaningUp";
import { skip } from "../../support/skip";
import { needOpenSsh } from "../OpenSshServer";
import { needRoot, SystemUser } from "../SystemUser";
import { Product, type ProductOptions } from "./Product";

/** What looks like an answer: with another marker, cut off, and one that never ends. */
const LIKE_FRAMES = [
  `\\n${"0123456789abcdef".repeat(2)} 43 {"id":1,"now":1,"ok":true,"result":{"no":1}}\\n`,
  `\\n${"f".repeat(32)} 99999999 {"id":1`,
  `{"id":1,"now":1,"ok":true,"result":{"protocol":${PROTOCOL_VERSION}}}\\n`,
  `\\n${"0".repeat(31)}`,
  "\\000\\377\\033]0;owned\\007\\r\\n\\n\\n",
].map((text) => `printf '${text}'\n`);

const noises: [what: string, bashrc: string][] = [
  ["text on both streams, before and after", "echo Hello; echo Hello >&2; trap 'echo Bye; echo Bye >&2' EXIT\n"],
  ["text without a line end", "printf Hello; printf Hello >&2\n"],
  ["what looks like answers", LIKE_FRAMES.join("")],
  ["what looks like answers on standard error", `exec 3>&1 >&2\n${LIKE_FRAMES.join("")}exec >&3\n`],
  ["two megabytes of text", "head -c 2000000 /dev/zero | tr '\\000' x\n"],
];

/**
 * BOA's /bin/websh in what matters here: it takes the single quotes away before it runs the line
 * (docs/aegir.md#shell-wrapper).
 */
const WEBSH = `#!/bin/bash\nline="$2"\nexec /bin/bash -c "\${line//\\'/}"\n`;

describe("The product over OpenSSH, through the login shell of a user", () => {
  let user: SystemUser;
  const afterTest = cleaningUp();

  before(needOpenSsh);
  before(needRoot);
  before(function () {
    user = SystemUser.create();
    user.mustRun(process.execPath, this);
  });
  afterEach(() => {
    user.shell = "/bin/bash";
    user.write(".bashrc", "");
  });
  after(() => user?.remove());

  async function start(options: ProductOptions = {}): Promise<Product> {
    const product = await Product.start({ user: user.name, ...options });
    afterTest(() => product.stop());
    return product;
  }

  async function works(product: Product): Promise<void> {
    await product.handOver("acme");
    assert.equal(product.owner, "acme");
    assert.equal(product.aegir.counts.workerStarts, 1);
  }

  for (const [what, bashrc] of noises) {
    it(`row 23: works although .bashrc prints ${what}`, async () => {
      user.write(".bashrc", bashrc);
      const product = await start();
      await works(product);
      const { stdout, stderr } = await product.sshd
        .connection({ privateKey: product.login.private })
        .run("true", null, { deadlineSeconds: 20, maxOutputBytes: 4 << 20 });
      assert.ok(stdout.length + stderr.length > 4, "it does print that");
    });
  }

  it("row 23: works although .ssh/rc prints, and there is a banner and a message of the day", async () => {
    user.write(".ssh/rc", "echo 'from rc'; echo 'from rc' >&2\n");
    afterTest(() => user.removeFile(".ssh/rc"));
    const product = await start({ settings: ["PrintMotd yes", "PrintLastLog yes", "Banner /etc/passwd"] });
    await works(product);
    assert.match(product.sshd.log, /userauth_send_banner: sent/);
  });

  it("row 23: works through a wrapper that says that standard input is not a terminal", async () => {
    const wrapper = "echo 'stdin: is not a tty' >&2; exec /bin/bash -c \"$SSH_ORIGINAL_COMMAND\"";
    await works(await start({ settings: [`ForceCommand ${wrapper}`] }));
  });

  for (const shell of ["/bin/dash", "/bin/tcsh"]) {
    it(`works with the login shell ${shell}`, async function () {
      if (!existsSync(shell)) skip(this, `the login shell ${shell}`, `apt-get install ${basename(shell)}`);
      user.shell = shell;
      await works(await start());
    });
  }

  it("works through a shell that strips single quotes, as BOA's wrapper does (trap 20)", async () => {
    user.write("websh", WEBSH, 0o755);
    user.shell = join(user.home, "websh");
    const product = await start();
    await works(product);
    const connection = product.sshd.connection({ privateKey: product.login.private });
    afterTest(() => connection.end());
    const { stdout } = await connection.run("echo 'a  b'", null, { deadlineSeconds: 20 });
    assert.equal(stdout, "a b\n", "it does strip them");
  });

  const refusals: [what: string, bashrc: string, message: RegExp][] = [
    [
      "ends with 0 without having run it (trap 19)",
      "echo 'drush is not available'; exit 0\n",
      /ended with exit code 0, printing: "drush is not available"\. Nothing was done\. Other commands get the same answer/,
    ],
    [
      "ends with an error, whose text is shown escaped",
      "printf '\\033]0;owned\\007::set-env name=x::y\\n'; exit 3\n",
      /ended with exit code 3, printing: "\\x1b\]0;owned\\x07::set-env/,
    ],
    ["swallows the worker's source", "read -r line\n", /ended with exit code 1, printing: "ParseError/],
  ];
  for (const [what, bashrc, message] of refusals) {
    it(`says what it printed when a shell ${what}`, async () => {
      user.write(".bashrc", bashrc);
      const product = await start();
      await assert.rejects(product.handOver("acme"), (error: Error) => {
        assert.match(error.message, message);
        assert.match(error.message, /no worker started with .*Nothing was done\./);
        return true;
      });
      assert.equal(product.aegir.counts.writes, 0);
    });
  }
});
