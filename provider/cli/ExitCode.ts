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
  [ExitCode.ok]: "all is well",
  [ExitCode.found]: "the work is done, and there is something to look at",
  [ExitCode.usage]: "the command line or the configuration cannot be understood; nothing was done",
  [ExitCode.failed]: "the work could not be done",
  [ExitCode.notPinned]: "a server has no pinned host key; nothing was sent to it",
};
