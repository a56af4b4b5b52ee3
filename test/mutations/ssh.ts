/** Breaks of what stands between this side and a server: its identity, our credentials, bytes and time. */
import type { WrittenMutation } from "./Mutation";

const reaching = "test/faults/reaching.test.ts";
const command = "test/faults/command.test.ts";
const hostile = "test/faults/hostile.test.ts";
const leaks = "test/faults/leaks.test.ts";
const frames = "test/worker/frames.test.ts";
const session = "test/worker/WorkerSession.test.ts";
const connection = "test/ssh/SshConnection.test.ts";

export const ssh: WrittenMutation[] = [
  {
    name: "skip the host key",
    danger: "Whoever stands on the way gets the password, and then the server.",
    file: "provider/ssh/HostKey.ts",
    find: "if (this.pins.some((pin) => pin.fingerprint === seen)) {",
    replace: "if (this.pins.length > 0) {",
    caughtBy: `${reaching}: row 6: a changed host key is refused with both fingerprints, and no credential is offered`,
  },
  {
    name: "take a revoked host key if it is pinned as well",
    danger: "A key that was stolen, and is known to be, is trusted.",
    file: "provider/ssh/HostKey.ts",
    find: "if (this.revoked.includes(seen)) {",
    replace: "if (this.pins.length === 0 && this.revoked.includes(seen)) {",
    caughtBy: `${connection}: refuses a revoked key, though it is pinned as well`,
  },
  {
    name: "offer key exchange with SHA-1",
    danger: "The server, or somebody on the way, chooses what can be broken.",
    file: "provider/ssh/login.ts",
    find: '    "curve25519-sha256",\n',
    replace: '    "curve25519-sha256",\n    "diffie-hellman-group14-sha1",\n',
    caughtBy: "test/ssh/openssh/hostKeys.test.ts: does not help a server that has nothing but key exchange with SHA-1",
  },
  {
    name: "retry a rejected credential",
    danger: "A firewall shuts out the pipeline, and with it everybody at its address.",
    file: "provider/ssh/loginOnce.ts",
    find: 'if (!(error instanceof SshError && error.code === "authenticationRejected")) forget();',
    replace: "forget();\n    void error;",
    caughtBy: "test/ssh/SshConnection.test.ts: tries a rejected key exactly once, and never falls back on the password",
  },
  {
    name: "have two connections try one credential at once",
    danger: "A bastion counts two failed logins for one mistake, or as many as there are servers behind it.",
    file: "provider/ssh/loginOnce.ts",
    find: "await other;",
    replace: "break;",
    caughtBy:
      "test/ssh/refusals.test.ts: row 8: rejected credentials are tried exactly once, by however many connections go through one bastion",
  },
  {
    name: "print a secret in an error",
    danger: "Logs of CI are read by many, and kept.",
    file: "provider/ssh/credentials.ts",
    find: "`${from} ${key}`, { effect",
    replace: "`${from} ${key}: ${text}`, { effect",
    caughtBy: `${reaching}: row 9: a key that cannot be read is refused before any connection is made, and not shown`,
  },
  {
    name: "do not escape server text",
    danger: "A site's name writes to the reviewer's clipboard, or hides what the next line says.",
    file: "provider/text/unsafe.ts",
    find: "return text.replace(WORKFLOW_COMMANDS, escape).replace(INVISIBLES, escape);",
    replace: "return text.replace(WORKFLOW_COMMANDS, escape);",
    caughtBy: `${leaks}: row 52: what a server calls its things is shown escaped`,
  },
  {
    name: "leave commands to a CI runner as they are",
    danger: "A server sets variables of the job that holds the key.",
    file: "provider/text/unsafe.ts",
    find: "return text.replace(WORKFLOW_COMMANDS, escape).replace(INVISIBLES, escape);",
    replace: "return text.replace(INVISIBLES, escape);",
    caughtBy: `${leaks}: row 52: an error of the worker is shown escaped, on one line`,
  },
  {
    name: "treat silence as success",
    danger: "A command that was killed, or never ran, counts as done.",
    file: "provider/ssh/ExecChannel.ts",
    find: "resolve({ code: code ?? null, signal: signal ?? null, lost: null });",
    replace: "resolve({ code: code ?? 0, signal: signal ?? null, lost: null });",
    caughtBy: `${connection}: that end without an exit code count as failed`,
  },
  {
    name: "call what was lost not done",
    danger: "What may have been written is written once more, or reported as if it had not happened.",
    file: "provider/worker/WorkerSession.ts",
    find: 'request.written ? (about.outcome ?? "unknown") : "notSent"',
    replace: 'request.written ? (about.outcome ?? "notDone") : "notSent"',
    caughtBy: `${command}: row 15: a link that goes silent is cut, and what was asked counts as unknown`,
  },
  {
    name: "take a part of an answer for an answer",
    danger: "What a list does not name any more reads as gone.",
    file: "provider/worker/frames.ts",
    find: "if (bytes[end] !== LINE_FEED) {",
    replace: "if (end < 0) {",
    caughtBy: `${frames}: refuses a length that is too short, after what was complete, and reads no further`,
  },
  {
    name: "listen without a bound",
    danger: "A server that talks without end takes the memory of the machine that deploys.",
    file: "provider/worker/frames.ts",
    find: "if (this.#sinceAnswer + this.#length > this.maxBytes) {",
    replace: "if (this.maxBytes < 0) {",
    caughtBy: `${frames}: refuses noise beyond the limit, after what was complete, and reads no further`,
  },
  {
    name: "keep all that a server prints",
    danger: "Memory grows with what the server sends, and a log with it.",
    file: "provider/text/Excerpt.ts",
    find: "this.#last = Buffer.concat([this.#last, rest.subarray(-this.half)]).subarray(-this.half);",
    replace: "this.#last = Buffer.concat([this.#last, rest]);",
    caughtBy:
      "test/text/printable.test.ts: Excerpt: keeps the first and the last part of any stream, however it is split",
  },
  {
    name: "wait for an answer for ever",
    danger: "A deployment hangs, holds the stack's lock, and a revocation does not come.",
    file: "provider/worker/WorkerSession.ts",
    find: "    clearTimeout(this.#timer);\n    const [oldest] = this.#outstanding.values();",
    replace: "    clearTimeout(this.#timer);\n    const [oldest] = [...this.#outstanding.values()].slice(0, 0);",
    caughtBy: `${session}: when the worker is too slow, telling the late request from those behind it`,
  },
  {
    name: "never give up a silent connection",
    danger: "A half-open link keeps everybody who waits for it.",
    file: "provider/ssh/SshTransport.ts",
    find: "if (++this.#silentIntervals >= this.timings.keepaliveIntervals) {",
    replace: "if (++this.#silentIntervals < 0) {",
    caughtBy: `${connection}: is noticed when the server just falls silent`,
  },
  {
    name: "follow a link in the place of a password file",
    danger: "Who may write in that directory has root read another file into the state.",
    file: "provider/ssh/Sftp.ts",
    find: 'if (kind !== "file") {',
    replace: 'if (kind === "directory") {',
    caughtBy: `${hostile}: row 45: a link in the place of a password file is not followed`,
  },
  {
    name: "call a removal whose answer was lost not done",
    danger: "A password that is gone is reported as the one in use.",
    file: "provider/ssh/Sftp.ts",
    find: 'await this.#ask("remove", path, "unknown",',
    replace: 'await this.#ask("remove", path, "notDone",',
    caughtBy: "test/ssh/Sftp.test.ts: leaves the outcome of a removal unknown when its answer is lost",
  },
];
