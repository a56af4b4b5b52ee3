/** What an error says when another one carries it on: one outcome, and no sentence twice. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AegirError } from "../../provider/aegir/AegirError";
import type { DrushWorker } from "../../provider/aegir/DrushWorker";
import { retryUntilCertain } from "../../provider/aegir/retryUntilCertain";
import { configureServers, endServers } from "../../provider/aegir/servers";
import { Sites } from "../../provider/aegir/Sites";
import { TaskWatcher } from "../../provider/aegir/TaskWatcher";
import { aegirClient } from "../../provider/resources/AegirClient";
import { PartialFailure } from "../../provider/resources/PartialFailure";
import { siteOwnership } from "../../provider/resources/SiteOwnership";
import { SftpRefusal } from "../../provider/ssh/SftpRefusal";
import { HostKeyRejected, SshError, type SshErrorCode } from "../../provider/ssh/SshError";
import { WORKER_ERROR_CODES } from "../../provider/worker/errorCodes";
import { SessionBroken } from "../../provider/worker/SessionBroken";
import { WorkerNotStarted } from "../../provider/worker/WorkerNotStarted";
import { WorkerRefusal } from "../../provider/worker/WorkerRefusal";
import { SmallAegir } from "../aegir/SmallAegir";
import { until } from "../support/until";

const host = "aegir@aegir.example.com:22";
const site = "www.acme.example";

/** What says what is now the case on the server. */
const OUTCOME =
  /nothing was (done|changed|sent)|no connection was made|was not (sent|begun)|is recorded on the server|whether .{1,60} (is unknown|is not known)/gi;

const sshCodes: SshErrorCode[] = [
  "unreachable",
  "hostKeyRejected",
  "authenticationRejected",
  "credentialsUnusable",
  "sessionBroken",
  "deadlineExceeded",
  "refusedByServer",
  "commandForbidden",
];
const holder = { connection: 4711, host: "deploy.example.com", seconds: 3 };

/** Every type of error that an operation may meet. */
const errors: Record<string, () => Error> = {
  ...Object.fromEntries(
    sshCodes.map((code) => [
      code,
      () => new SshError(code, host, "notDone", "it went wrong", { advice: "Correct it there" }),
    ]),
  ),
  ...Object.fromEntries(
    (["notSent", "notDone", "unknown"] as const).map((outcome) => [
      `SessionBroken, ${outcome}`,
      () => new SessionBroken("sessionBroken", host, outcome, "setOwner", "killed by SIGKILL", null, "SIGKILL", "Bye"),
    ]),
  ),
  HostKeyRejected: () => new HostKeyRejected(host, null, [], "unknown host key", { effect: "Nothing was sent to it" }),
  WorkerNotStarted: () =>
    new WorkerNotStarted(host, "refusedByServer", "Drush has not started", 1, "", "The database does not answer"),
  ...Object.fromEntries(
    WORKER_ERROR_CODES.map((code) => [
      `WorkerRefusal, ${code}`,
      () => new WorkerRefusal(host, "setOwner", code, "The lock is held.", holder, false, 0),
    ]),
  ),
  "WorkerRefusal, locked by an unseen connection": () =>
    new WorkerRefusal(
      host,
      "setOwner",
      "locked",
      "The lock is held.",
      { connection: 9, host: null, seconds: null },
      false,
      0,
    ),
  SftpRefusal: () => new SftpRefusal(host, "/users/o1.acme", "failed", "the server did not remove /users/o1.acme"),
  ...Object.fromEntries(
    (["done", "notDone", "unknown"] as const).map((outcome) => [
      `AegirError, ${outcome}`,
      () => new AegirError({ code: "serverFailed", what: "it failed", server: host, outcome, next: "Look at it" }),
    ]),
  ),
};

/** A handover whose request `failing` meets the error; those before it are answered. */
function handover(failing: string, error: Error): Promise<unknown> {
  const owner = (nid: number, internalName: string) => ({ nid, name: internalName, internalName });
  const task = { nid: 7, rid: 3, type: "verify", status: 0, executed: null, ahead: 0, log: [] };
  const found = { nid: 3, site, ownerNid: 1, owner: owner(1, "acme"), links: ["acme"], status: 1, tasks: [] };
  const answers: Record<string, unknown> = {
    site: { sites: [found], deleted: 0, aliasOf: null },
    clientReference: { client: owner(2, "beta") },
    setOwner: { site: { ...found, ownerNid: 2, owner: owner(2, "beta") }, task },
  };
  const worker = {
    label: host,
    server: () => Promise.resolve({ defaultClient: owner(1, "acme") }),
    call: (verb: string) =>
      verb === failing ? Promise.reject(error) : Promise.resolve({ now: 10, result: answers[verb] }),
  } as unknown as DrushWorker;
  const sites = new Sites(worker, new TaskWatcher(worker, { pollSeconds: 0, taskMinutes: 1 }));
  return sites.handOver({
    site,
    to: "beta",
    waitFor: "effective",
    from: { kind: "declared", takeOverFrom: undefined, recorded: undefined },
  });
}

/** What carries an error on, each as its user meets it. */
const carriers: Record<string, (error: Error) => Promise<unknown>> = {
  "as it is": (error) => Promise.reject(error),
  "retryUntilCertain()": (error) => retryUntilCertain(host, "updating client:acme", () => Promise.reject(error)),
  "a handover before its write": (error) => handover("clientReference", error),
  "a handover in its write": (error) => handover("setOwner", error),
  "a handover that waits for its verify": (error) => handover("tasks", error),
  "a partial failure": (error) => Promise.reject(new PartialFailure("site:www.acme.example", {}, error)),
};

function sentencesOf(message: string): string[] {
  return message
    .split(/[.;:,]\s+/)
    .map((sentence) => sentence.trim().toLowerCase().replace(/\.$/, ""))
    .filter((sentence) => sentence.split(" ").length > 2);
}

function judge(message: string): void {
  assert.equal(message.match(OUTCOME)?.length, 1, `one outcome: ${message}`);
  const sentences = sentencesOf(message);
  assert.deepEqual(
    sentences.filter((sentence, index) => sentences.indexOf(sentence) !== index),
    [],
    `a sentence twice: ${message}`,
  );
  assert.doesNotMatch(message, /\bnull\b|undefined|\.\./);
}

async function messageOf(operation: Promise<unknown>): Promise<string> {
  return operation.then(
    () => assert.fail("it should have failed"),
    (error: Error) => error.message,
  );
}

describe("errors: one outcome, and no sentence twice", () => {
  for (const [carrier, carry] of Object.entries(carriers)) {
    it(`errors: each, carried by ${carrier}, says one outcome and no sentence twice`, async () => {
      for (const make of Object.values(errors)) judge(await messageOf(carry(make())));
    });
  }

  it("errors: no reason that another error may quote says what was done", () => {
    for (const directory of ["ssh", "aegir"]) {
      const root = join(__dirname, "../../provider", directory);
      for (const file of readdirSync(root).filter((each) => each.endsWith(".ts"))) {
        const text = readFileSync(join(root, file), "utf8");
        // Effects, the texts of the types of errors, and comments.
        const elsewhere = text
          .replace(/^\s*(\/?\*|\/\/).*$/gm, "")
          .replace(/(effect(:| =)|(effectOf|outcomeText):)[^;}]*[;}]/gs, "");
        const said = /["`'][^"`\n]*(nothing was (done|sent)|no connection was made)/i.exec(elsewhere);
        assert.equal(said, null, `${file}: ${said?.[0]}`);
      }
    }
  });
});

describe("errors of a small Aegir", () => {
  const server = "main";
  let aegir: SmallAegir;

  beforeEach(async () => {
    aegir = await SmallAegir.start();
    const configuration = aegir.configuration();
    configureServers(JSON.stringify({ main: { ...configuration, waits: { pollSeconds: 0.01 } } }));
    aegir.addSites([{ site }]);
    await aegirClient.create({ name: "Acme Corp", internalName: "acme", server });
  });
  afterEach(async () => {
    await endServers();
    await aegir.stop();
  });

  it("errors: a database that is lost in a handover leaves one outcome, and says to start it", async () => {
    aegir.panel.pauseQueue();
    const owning = siteOwnership.create({ site, client: "acme", server });
    const failed = messageOf(owning);
    await until(() => aegir.tables().sites.some(({ owner }) => owner === "acme"));
    aegir.faults.databaseDown = true;
    aegir.faults.onRequest("tasks", "fatal");
    const message = await failed;
    judge(message);
    assert.match(message, /recorded as owned by acme, but that is not effective: Drush has not started/);
    assert.match(message, /The change is recorded on the server\. The database of the front end .*Start the database/);
  });

  it("errors: a lock says once who holds it", async () => {
    aegir.faults.holdDatabaseLock();
    const message = await messageOf(siteOwnership.create({ site, client: "acme", server }));
    judge(message);
    assert.match(
      message,
      /the lock of the access worker, connection 4711 from deploy\.example\.com for \d+ s \(server/,
    );
  });

  it("errors: a lock whose holder the database hides is said so, and how to find it", async () => {
    aegir.faults.holdDatabaseLock(4711, null);
    const message = await messageOf(siteOwnership.create({ site, client: "acme", server }));
    judge(message);
    assert.match(message, /connection 4711, which Aegir's database user cannot see/);
    assert.match(message, /SELECT id, user, host, time, info FROM information_schema\.processlist WHERE id = 4711/);
  });

  it("errors: a lock that was released meanwhile is not said to be held", async () => {
    aegir.faults.holdDatabaseLock(null, null);
    const message = await messageOf(siteOwnership.create({ site, client: "acme", server }));
    judge(message);
    assert.match(message, /It is free now: run the same command again/);
  });
});
