import { onEveryEngine } from "../scenarios/everyEngine";
import { skip } from "../support/skip";
import { FrontEndFixture } from "./FrontEndFixture";
import type { Connection } from "./RawWorker";
import { keyText, missingVariables, realFrontEnd } from "./realFrontEnd";
import { describeScenarios } from "./scenarios.suite";
import { describeWorker } from "./worker.suite";

/** How long one scenario may take on BOA, whose queue takes a task a minute. */
const MINUTES = 15;

const front = realFrontEnd();

if (front === undefined) {
  describe("a real Aegir front end", () => {
    it(`needs a server: set ${missingVariables.join(", ")} (see test/conformance/README.md)`, function () {
      skip(this, "a real Aegir front end", `${missingVariables.join(", ")} (see test/conformance/README.md)`);
    });
  });
} else {
  const { connection, prefix } = front;
  const { host, port } = connection;
  const name = `the Aegir front end at ${host}:${port}`;
  const start = async () => ({
    prefix,
    fixture: await FrontEndFixture.start(connection, prefix),
    disposable: process.env["AEGIR_TEST_DISPOSABLE"] === "yes",
    stop: () => Promise.resolve(),
  });
  const runs = process.env["AEGIR_TEST_QUEUE"] === "runs";
  if (runs) {
    const configuration = { connection, accounts: accounts(connection), waits: { pollSeconds: 1 } };
    const logins = process.env["AEGIR_TEST_ACCOUNTS_LOGIN"] !== "no";
    describeScenarios(
      name,
      async () => ({ ...(await start()), configuration, logins }),
      (title, suite) => onEveryEngine(title, suite, MINUTES),
    );
  } else {
    describeWorker(name, async () => ({ ...(await start()), connection }));
  }
  describe(`${runs ? "the worker" : "the scenarios"} of ${name}`, () => {
    it(`needs a queue that ${runs ? "stands still: leave AEGIR_TEST_QUEUE out" : "runs: set AEGIR_TEST_QUEUE=runs"}`, function () {
      skip(this, `what needs ${runs ? "a queue that does not run" : "a running queue"} on ${host}`, "AEGIR_TEST_QUEUE");
    });
  });
}

/** The login that reads and deletes password files. */
function accounts(drush: Connection) {
  const variable = (name: string) => process.env[`AEGIR_TEST_ACCOUNTS_${name}`];
  const instance = variable("INSTANCE");
  if (!instance) return undefined;
  const key = variable("PRIVATE_KEY");
  const user = variable("USER") ?? drush.user;
  const connection = { ...drush, user, privateKey: key ? keyText(key) : drush.privateKey };
  return { instance, connection, directory: variable("DIRECTORY") };
}
