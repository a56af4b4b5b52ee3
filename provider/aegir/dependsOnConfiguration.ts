import { SshError, type SshErrorCode } from "../ssh/SshError";

const CODES: ReadonlySet<SshErrorCode> = new Set<SshErrorCode>([
  "unreachable",
  "hostKeyRejected",
  "authenticationRejected",
  "credentialsUnusable",
  "refusedByServer",
  "commandForbidden",
]);

/** Whether another configuration of the connection may prevent this error. */
export function dependsOnConfiguration(error: unknown): boolean {
  return error instanceof SshError && CODES.has(error.code);
}
