/** The sites that a client's login shows: whether there are any, for which BOA keeps the login, and whose they are. */
import { AegirError } from "../aegir/AegirError";
import type { AegirServer } from "../aegir/AegirServer";
import { TaskStatus } from "../worker/facts";

/**
 * Looks, at first and then at every fourth call, whether BOA has a reason to make the login: a link of a site below the
 * client's directory, or a verify on its way that will make one. Where no Drush can be reached this cannot be seen.
 */
export function siteWatch(server: AegirServer, client: string): () => Promise<void> {
  let calls = 0;
  return async () => {
    if (!server.hasWorker || calls++ % 4 !== 0) return;
    const { result } = await server.worker.call("client", { internalName: client });
    await refuseSharedWith(server, client, result.sameShellName);
    const sites = await Promise.all((result.client?.sites ?? []).map((site) => server.sites.find(site)));
    const active = sites.some(
      (site) =>
        site?.links.includes(client) ||
        site?.tasks.some(({ status }) => status === TaskStatus.queued || status === TaskStatus.processing),
    );
    if (active) return;
    throw new AegirError({
      code: result.client ? "refused" : "missing",
      what: result.client
        ? `the client ${client} has no active site (${result.client.sites.join(", ") || "it owns none"}), so BOA keeps no login for it`
        : `there is no client ${client}`,
      server: server.label,
      outcome: "notDone",
      next: "Declare a SiteOwnership for it before this resource, with the same client",
      detail: { client },
    });
  };
}

/** Where no Drush can be reached this cannot be seen. */
export async function refuseShared(server: AegirServer, client: string): Promise<void> {
  if (!server.hasWorker) return;
  const { result } = await server.worker.call("client", { internalName: client });
  await refuseSharedWith(server, client, result.sameShellName);
}

/**
 * A login whose link to the sites flips between two clients would give its holder the sites of both
 * (docs/aegir.md#shell-account-names).
 */
async function refuseSharedWith(server: AegirServer, client: string, sameShellName: string[]): Promise<void> {
  const others = await Promise.all(
    sameShellName.map(async (internalName) => (await server.worker.call("client", { internalName })).result.client),
  );
  const sharing = others.flatMap((other) => (other && other.sites.length > 0 ? other.internalName : []));
  if (sharing.length === 0) return;
  throw new AegirError({
    code: "refused",
    what: `the login ${server.loginOf(client)} is shared by the clients ${[client, ...sharing].join(", ")}, because letters and digits alone count in it, and shows its holder the sites of each in turn`,
    server: server.label,
    outcome: "notDone",
    next: `Give the sites of ${sharing.join(", ")} to a client of another name first`,
    detail: { client, sharing },
  });
}
