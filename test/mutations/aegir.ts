/** Breaks of how a server is observed, written and waited for. */
import type { WrittenMutation } from "./Mutation";

export const aegir: WrittenMutation[] = [
  {
    name: "no re-read at the end",
    danger: "A verify has ended, and the old client still reaches the files.",
    file: "provider/aegir/Handover.ts",
    find: 'if (this.request.waitFor === "recorded") return this.#finished(site);',
    replace: 'if (this.request.waitFor === "recorded" || this.verifyTask !== undefined) return this.#finished(site);',
    caughtBy:
      "test/resources/Handover.test.ts: and a link that no verify removes is named, with the place where it is (trap 13)",
  },
  {
    name: "accept status 3 with a time before the write",
    danger: "A verify that somebody cancelled counts as done, and nothing was linked.",
    file: "provider/aegir/Handover.ts",
    find: "return executed !== null && (this.#writtenAt === undefined || executed >= this.#writtenAt);",
    replace: "return executed !== null;",
    caughtBy:
      "test/resources/Handover.test.ts: when a verify is cancelled that carries the time of an older run: status 3 does not count as success then (boa) (trap 12)",
  },
  {
    name: "be content with a link for somebody else beside the owner's",
    danger: "The client that was to lose the site keeps its files.",
    file: "provider/decisions/siteOwner.ts",
    find: "if (others.length > 0) return false;",
    replace: "if (others.length > 1) return false;",
    caughtBy:
      "test/scenarios/drift.test.ts: links that show the files to another client are drift, and a verify repairs them (trap 13)",
  },
  {
    name: "overlook a task that began before the write",
    danger: "It puts the old owner back when it ends, without a word.",
    file: "provider/aegir/Handover.ts",
    find: "status === TaskStatus.processing && executed !== null && executed <= writtenAt,",
    replace: "status === TaskStatus.processing && executed !== null && executed < 0 && executed <= writtenAt,",
    caughtBy:
      "test/resources/Handover.test.ts: when a task began just before the write, unseen: it is waited for, and what it undid is done again (trap 11)",
  },
  {
    name: "take a lost answer for a failure",
    danger: "What was written is not looked for, and the deployment fails half way.",
    file: "provider/aegir/retryUntilCertain.ts",
    find: '      const again =\n        (error instanceof SessionBroken && error.outcome === "unknown") ||',
    replace: "      const again =",
    caughtBy:
      "test/faults/command.test.ts: row 14: a reset after the effect and before the reply is settled by looking, within the same run",
  },
  {
    name: "lose the race for good",
    danger: "What somebody changed in the moment between look and write is told as a riddle.",
    file: "provider/aegir/retryUntilCertain.ts",
    find: '["deadlock", "changed", "exists"].includes(error.code)',
    replace: '["deadlock", "exists"].includes(error.code)',
    caughtBy: "test/faults/others.test.ts: row 36: the same within the moment between a look and the write",
  },
  {
    name: "believe an inventory from before a write",
    danger: "A refresh records what was the case before this very deployment.",
    file: "provider/aegir/AegirServer.ts",
    find: "if (known?.writes === writes && taken - known.taken < INVENTORY_SECONDS * 1000) return known.inventory;",
    replace: "if (known && taken - known.taken < INVENTORY_SECONDS * 1000) return known.inventory;",
    caughtBy:
      "test/resources/serverScenarios.test.ts: a read that comes while something is written is not answered from before",
  },
  {
    name: "keep one worker for ever",
    danger: "Its caches and its database connection go stale, and it acts on what is no more.",
    file: "provider/aegir/DrushWorker.ts",
    find: "if (session.alive && session.age < LEASE_SECONDS && session.requests < LEASE_REQUESTS) return session;",
    replace: "if (session.alive) return session;",
    caughtBy: "test/resources/serverScenarios.test.ts: a worker is retired after a minute (trap 28)",
  },
  {
    name: "wait for a task for ever",
    danger: "A paused queue stops the deployment without a word, and the stack stays locked.",
    file: "provider/aegir/StallTimeout.ts",
    find: "return this.clock() >= this.#expires;",
    replace: "return this.#expires < 0;",
    caughtBy:
      "test/resources/serverScenarios.test.ts: a queue that does not run ends the wait as half done, and the error says why",
  },
  {
    name: "a directory that is not there means that its logins are gone",
    danger: "A mount that is missing takes every login out of the state.",
    file: "provider/aegir/PasswordFiles.ts",
    find: "    await sftp.stat(directory).catch((error: unknown) => {\n      throw this.#explained(error, directory);\n    });\n",
    replace: "",
    caughtBy:
      "test/resources/passwordFiles.test.ts: say nothing of a login when their directory is missing: the login does not count as deleted",
  },
  {
    name: "take the old password for the new one",
    danger: "A password that is to be replaced is reported as replaced, and works on.",
    file: "provider/aegir/PasswordFiles.ts",
    find: "return found && found.fingerprint !== old ? found : undefined;",
    replace: "return found;",
    caughtBy:
      "test/resources/passwordFiles.test.ts: bring no new password as long as the old one is in them, even if it was put there again (trap 14)",
  },
  {
    name: "try further logins after a refusal",
    danger: "BOA blocks the address, and with it the deployments that come from it.",
    file: "provider/aegir/loginTrials.ts",
    find: 'if (!stopped && ["refused", "failed"].includes(trial.outcome))',
    replace: 'if (!stopped && ["failed"].includes(trial.outcome))',
    caughtBy: "test/cli/logins.test.ts: doctor --logins: tries nothing more after a refusal",
  },
  {
    name: "an empty password file means that the login is gone",
    danger: "BOA writes the file in two steps; a refresh between them drops the login from the state.",
    file: "provider/aegir/PasswordFiles.ts",
    find: '(await this.#readFile(login))?.text !== "" || undefined;',
    replace: '(await this.#readFile(login))?.text !== "never" || undefined;',
    caughtBy: "test/resources/serverScenarios.test.ts: a login whose file is being written is not gone (trap 14)",
  },
  {
    name: "call unknown not done once the server cannot be reached any more",
    danger: "Nobody looks for a write that was made.",
    file: "provider/aegir/retryUntilCertain.ts",
    find: "      else if (error instanceof SshError && unknown) throw unknown;\n",
    replace: "",
    caughtBy:
      "test/resources/serverScenarios.test.ts: a lost answer of a server that then cannot be asked is recorded as not known",
  },
  {
    name: "let the configuration hold another command",
    danger: "Whoever may edit a stack's configuration runs what he likes on the server.",
    file: "provider/aegir/ServerConfiguration.ts",
    find: ".regex(/^[\\w@%+=:,./ -]+$/,",
    replace: ".regex(/^[\\w@%+=:,./ $();-]+$/,",
    caughtBy:
      "test/faults/hostile.test.ts: row 44: an option or an alias of the configuration cannot hold another command",
  },
];
