/**
 * The situations in which a worker answers that it did not do what was asked. In all of them nothing was written.
 * `locked`: another writer holds the database lock (detail `connection`, `host`, `seconds`, each null where unknown);
 * `deadlock`: the database gave this transaction up, it may be asked again; `internal`: anything that PHP threw (detail
 * `reason`: "bootstrap", "database" or "exception"). A worker that cannot know whether it has committed answers nothing.
 */
export const WORKER_ERROR_CODES = [
  "missing",
  "exists",
  "nameTaken",
  "mailTaken",
  "changed",
  "busy",
  "refused",
  "locked",
  "deadlock",
  "protocol",
  "internal",
] as const;
export type WorkerErrorCode = (typeof WORKER_ERROR_CODES)[number];
