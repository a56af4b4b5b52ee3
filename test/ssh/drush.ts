/**
 * The program that a real sshd runs as `drush`: it hands its arguments and standard input to the DrushDoor whose socket lies
 * beside it, and does what comes back. DrushDoor transpiles it, so it needs Node alone.
 */
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface DrushOutput {
  /** Base64. */
  stdout?: string;
  stderr?: string;
  exit?: number;
  signal?: NodeJS.Signals;
}

const door = connect(join(__dirname, "socket"));
door.write(`${JSON.stringify(process.argv.slice(2))}\n`);
process.stdin.pipe(door);
createInterface({ input: door }).on("line", (line) => {
  const { stdout, stderr, exit, signal } = JSON.parse(line) as DrushOutput;
  if (stdout !== undefined) process.stdout.write(Buffer.from(stdout, "base64"));
  if (stderr !== undefined) process.stderr.write(stderr);
  if (signal !== undefined) process.kill(process.pid, signal);
  if (exit !== undefined) {
    process.exitCode = exit;
    process.stdin.destroy();
    door.destroy();
  }
});
// Its reader is gone, or the door: a real Drush dies of either.
for (const stream of [door, process.stdout, process.stderr]) stream.on("error", () => process.exit(255));
