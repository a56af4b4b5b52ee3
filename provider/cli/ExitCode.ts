/** The exit codes of every command; the help of a command explains its `found`. */
export const ExitCode = {
  ok: 0,
  found: 1,
  usage: 2,
  failed: 3,
  notPinned: 4,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Their meaning; the help of a command may say it more exactly. */
export const EXIT_CODES: Record<ExitCode, string> = {
  [ExitCode.ok]: "success, nothing to report",
  [ExitCode.found]: "success, but there is something to look at",
  [ExitCode.usage]: "invalid command line or configuration; nothing was done",
  [ExitCode.failed]: "the command failed",
  [ExitCode.notPinned]: "the host key of a server is not pinned; no credentials were sent to it",
};
