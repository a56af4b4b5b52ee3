/** How a client leaves: what must have left it before, and what its `onDestroy` lets go with it. */
import type { AegirServer } from "../aegir/AegirServer";
import { partedClient } from "../aegir/ClientNumber";
import { sameMail } from "../aegir/Clients";
import { refused } from "./clientRefused";
import { receiver } from "./properties";
import { report } from "./report";
import { clientId, isDeclared } from "./uniqueIdentities";

/** What the state knows of it. */
interface DeletedClient {
  name: string;
  internalName: string;
  nid: number;
  email?: string | undefined;
  onDestroy?: { sites?: string; bindings?: string; platforms?: string } | undefined;
}

/** Deletes the client once nothing is left of it that is not declared, or that `onDestroy` does not give away. */
export async function deleteClient(server: AegirServer, id: string, props: DeletedClient): Promise<void> {
  const { client } = await server.clients.look(props.internalName, props.name);
  if (props.nid !== undefined && client?.nid !== props.nid) {
    const internalName = await server.internalNameOf(props.nid);
    if (internalName !== null && isDeclared(server.name, clientId(internalName))) {
      report(id, `is declared as ${internalName} now: only this entry of the state is forgotten.`);
      return;
    }
    if (internalName !== null) {
      throw refused(
        server,
        `the client ${props.internalName} ${partedClient(props, { internalName, nid: client?.nid ?? null })}`,
        `Declare internalName: "${internalName}", or delete that client in the panel, then run the same command again`,
      );
    }
    if (client) {
      report(id, `${partedClient(props, { internalName: null, nid: client.nid })}: that one is left alone.`);
      return;
    }
  }
  if (!client) return;
  const role = client.isDefault ? "default owner" : client.isAdmin ? "admin client" : undefined;
  if (role) {
    throw refused(
      server,
      `the client ${client.internalName} is the server's ${role}`,
      "Remove it from the stack with `pulumi state delete`, or make another client the " + role,
    );
  }
  const destroy = props.onDestroy ?? {};
  const undeclaredUsers = client.users.filter((user) => !sameMail(user.mail, props.email));
  const remaining = [
    ...listed("sites", client.sites, destroy.sites),
    ...listed(
      "bindings of",
      undeclaredUsers.map(({ name }) => name),
      destroy.bindings,
    ),
    ...listed(
      "platforms that allow it:",
      client.platforms.map(({ title }) => title),
      destroy.platforms,
    ),
  ];
  if (remaining.length > 0) {
    throw refused(
      server,
      `the client ${client.internalName} still has ${remaining.join("; ")}`,
      "Move or remove them, or write an onDestroy that says what happens to them, run `pulumi up`, and destroy again",
    );
  }
  const lastRows = client.platforms.filter(({ clients }) => clients === 1).map(({ title }) => title);
  if (lastRows.length > 0 && destroy.platforms !== "default-owner") {
    throw refused(
      server,
      `the client ${client.internalName} is the only one allowed on ${lastRows.join(", ")}; without it those platforms would be open to every client`,
      'Allow another client there first, or deploy onDestroy with platforms: "default-owner"',
    );
  }
  for (const site of client.sites) {
    const handover = await server.sites.handOver({
      site,
      to: receiver(destroy.sites!),
      waitFor: "effective",
      from: { kind: "released", recorded: { client: client.internalName, ownerNid: client.nid } },
    });
    report(clientId(client.internalName), `${site} now belongs to ${handover.site.owner?.internalName ?? "nobody"}.`);
  }
  await server.clients.delete(client, {
    // None of others is left, or they are to be dropped: the binding that email made goes in the same transaction.
    dropBindings: destroy.bindings === "drop" || client.users.length > undeclaredUsers.length,
    dropPlatforms: destroy.platforms === "drop" || destroy.platforms === "default-owner",
    replaceLast: destroy.platforms === "default-owner",
  });
  if (lastRows.length > 0) report(id, `the default owner takes its place on ${lastRows.join(", ")}.`);
}

function listed(what: string, names: string[], policy: string | undefined): string[] {
  return names.length > 0 && (policy ?? "refuse") === "refuse" ? [`${what} ${names.join(", ")}`] : [];
}
