import type { ServerFacts } from "../worker/facts";

/** The Octopus instance that a server is, for example `o1`; null on a plain Aegir. Only BOA keeps its clients there. */
export function octopusInstance({ clientsDirectory }: Pick<ServerFacts, "clientsDirectory">): string | null {
  return /^\/data\/disk\/([^/]+)\//.exec(clientsDirectory)?.[1] ?? null;
}
