/** What a live server holds, as the rules of a manifest are judged on it. */
import { letsIn } from "../decisions/authorizedKeys";
import type { Manifest } from "../manifest/Manifest";
import { ruledAccess } from "../manifest/ruledAccess";
import { keysOf } from "../naming/AuthorizedKey";
import { mailKey } from "../naming/PanelUser";
import type { AccessClient, EffectiveAccess, Person } from "../review/EffectiveAccess";
import type { Grant, RuledAccess, RuledClient, RuledPerson } from "../rules/RuledAccess";
import { personKey } from "../rules/scope";
import type { Inventory } from "../worker/facts";
import type { LiveLogins } from "./passwords";

/**
 * Who may act for a client by a binding, declared or not, or gets into its login with a key that the manifest knows as
 * theirs. Blocked users reach nothing by a binding. What the manifest says of people and ends counts here too. The clients
 * of the server itself, the default owner and the admin client, are left out unless they are declared.
 *
 * @param access what the server has, or will have after a deployment
 */
export function ruledServer(
  manifest: Manifest,
  access: EffectiveAccess,
  { clients, users }: Pick<Inventory, "clients" | "users">,
  { keys = new Map<string, never>() }: Pick<LiveLogins, "keys">,
): RuledAccess {
  const declared = ruledAccess(manifest);
  const byName = new Map(declared.clients.map((client) => [client.internalName, client]));
  const mails = new Map(users.map(({ name, mail }) => [personKey(name), mail === "" ? [] : [mailKey(mail)]]));
  const people = new Map(declared.people);
  for (const person of access.people.values()) {
    people.set(person.key, withFacts(people.get(person.key), person, mails.get(person.key) ?? []));
  }
  const own = clients.filter(({ isDefault, isAdmin }) => isDefault || isAdmin).map(({ internalName }) => internalName);
  const keyHolders = holdersOf(manifest);
  const ruled = ({ internalName, name, bindings, renamedFrom }: AccessClient): RuledClient => {
    const said = byName.get(internalName);
    const text: unknown = keys.get(internalName);
    const bound = [...bindings.values()].filter(({ ended, person }) => !ended && !person.blocked);
    const holders =
      typeof text === "string" ? keyHolders.filter(([, own]) => own.some((key) => letsIn(text, key))) : [];
    const reaching = new Set([...bound.map(({ person }) => person.key), ...holders.map(([key]) => key)]);
    const grants = [...reaching].flatMap((key): Grant[] => {
      const grant = said?.grants.find(({ person }) => person.key === key);
      const person = people.get(key);
      return person === undefined ? [] : [{ person, expires: grant?.expires, ways: grant?.ways ?? [] }];
    });
    return {
      internalName,
      title: name,
      names: said?.names ?? [internalName, ...(renamedFrom === undefined ? [] : [renamedFrom])],
      sites: access.sitesOf(internalName).map((site) => ({ site, formerOwners: [] })),
      grants,
      ended: [],
      declared: said !== undefined,
      place: said?.place,
    };
  };
  const judged = [...access.clients.values()].filter(
    ({ internalName }) => byName.has(internalName) || !own.includes(internalName),
  );
  return { asOf: access.asOf, people, teams: declared.teams, clients: judged.map(ruled) };
}

function withFacts(said: RuledPerson | undefined, person: Person, mails: readonly string[]): RuledPerson {
  const { key, name, administrator } = person;
  const declared = said ?? { key, name, mails: [], recorded: false, external: false };
  return { ...declared, administrator, mails: [...new Set([...declared.mails, ...mails])] };
}

/** People of the manifest who have keys, by key of the person. */
function holdersOf({ clients, people }: Manifest): [string, ReturnType<typeof keysOf>][] {
  const users = [...people, ...clients.flatMap(({ users, expired }) => [...users, ...expired])];
  const lines = new Map(users.map(({ name, keys }) => [personKey(name), keys]));
  return [...lines].filter(([, own]) => own.length > 0).map(([key, own]) => [key, keysOf(own)]);
}
