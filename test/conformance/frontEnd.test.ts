import { existsSync, readFileSync } from "node:fs";
import { FrontEndBackstage } from "./FrontEndBackstage";
import { describeWorker } from "./worker";

const variables = ["HOST", "PORT", "USER", "PRIVATE_KEY", "HOST_KEY", "PREFIX"].map((name) => `AEGIR_TEST_${name}`);
const missing = variables.filter((name) => !process.env[name]);

if (missing.length > 0) {
  describe("the worker on a real Aegir front end", () => {
    it(`needs a server: set ${missing.join(", ")} (the prefix is of names that may be touched)`, function () {
      console.warn(`      SKIPPED: no real Aegir front end; to run this, set ${missing.join(", ")}`);
      this.skip();
    });
  });
} else {
  const [host, port, user, key, hostKey, prefix] = variables.map((name) => process.env[name]) as string[];
  const connection = {
    host: host as string,
    port: Number(port),
    user: user as string,
    privateKey: existsSync(key as string) ? readFileSync(key as string, "utf8") : (key as string),
    hostKey: hostKey as string,
  };
  describeWorker(`the Aegir front end at ${host}:${port}`, async () => ({
    connection,
    prefix: prefix as string,
    backstage: await FrontEndBackstage.start(connection, prefix as string),
    disposable: false,
    stop: () => Promise.resolve(),
  }));
}
