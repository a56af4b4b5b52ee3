import { existsSync, readFileSync } from "node:fs";
import type { Connection } from "./RawWorker";

const variables = ["HOST", "PORT", "USER", "PRIVATE_KEY", "HOST_KEY", "PREFIX"].map((name) => `AEGIR_TEST_${name}`);

/** Of the variables that name a real front end, those that are not set. */
export const missingVariables = variables.filter((name) => !process.env[name]);

/** A key, or the file that it is in. */
export function keyText(key: string): string {
  return existsSync(key) ? readFileSync(key, "utf8") : key;
}

/** The front end that the environment names, and the prefix of what may be touched there. */
export function realFrontEnd(): { connection: Connection; prefix: string } | undefined {
  if (missingVariables.length > 0) return undefined;
  const [host, port, user, key, hostKey, prefix] = variables.map((name) => process.env[name]!);
  return {
    connection: { host: host!, port: Number(port), user: user!, privateKey: keyText(key!), hostKey: hostKey! },
    prefix: prefix!,
  };
}
