/** What the exit codes of every verb mean; a verb's help says what it finds. */
export const ExitCode = {
  ok: 0,
  found: 1,
  usage: 2,
  failed: 3,
  notPinned: 4,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The meanings that are the same for all verbs; `found` is each verb's own. */
export const EXIT_CODES: Record<ExitCode, string> = {
  [ExitCode.ok]: "success, nothing to report",
  [ExitCode.found]: "success, but there is something to look at",
  [ExitCode.usage]: "invalid command line or configuration; nothing was done",
  [ExitCode.failed]: "the command failed",
  [ExitCode.notPinned]: "the host key of a server is not pinned; no credentials were sent to it",
};
