/** The only door of the package `pulumi-aegir`. */
export { AegirClient, type AegirClientArgs, type AegirClientOnDestroy } from "./resources/AegirClient";
export { ClientUserBinding, type ClientUserBindingArgs, type CreateUser } from "./resources/ClientUserBinding";
export { refuseDestroy } from "./resources/destroyGuard";
export { ShellAccount, type ShellAccountArgs } from "./resources/ShellAccount";
export { SiteOwnership, type SiteOwnershipArgs } from "./resources/SiteOwnership";
export type {
  Server,
  ServerAccounts,
  ServerConnection,
  ServerDrush,
  ServerProxy,
  Servers,
  ServerWaits,
} from "./aegir/serverTypes";
export { drushLine } from "./aegir/drushLine";

// Errors: `code` is what to branch on (docs/errors.md).
export { AegirError, type AegirErrorCode, type Outcome } from "./aegir/AegirError";
export { ProgramError, type ProgramErrorCode } from "./resources/ProgramError";
export { SftpRefusal, type SftpErrorCode } from "./ssh/SftpRefusal";
export { HostKeyRejected, SshError, type SshErrorCode, type SshOutcome } from "./ssh/SshError";
export { SessionBroken } from "./worker/SessionBroken";
export { WorkerNotStarted } from "./worker/WorkerNotStarted";
export { WorkerRefusal } from "./worker/WorkerRefusal";
export type { WorkerErrorCode } from "./worker/errorCodes";
