/** Keys that no longer let people in to the login of a client, or come to. */
import type { AccessClient, AccessKey, Person } from "./EffectiveAccess";

/** Clients are given by their internal names: the ones after the change, if they still exist. */
export type KeyAdvisory =
  /** Keys of the person that no longer open the client's login, or come to open it. */
  | { kind: "keysRemoved" | "keysAdded"; person: Person; client: string; keys: readonly AccessKey[] }
  /** The same of a login, where it is not known whose they are. */
  | { kind: "loginKeysRemoved" | "loginKeysAdded"; client: string; keys: readonly AccessKey[] };

/** Whose keys no longer open the client's login, and whose come to. Nothing of what is not known of a live server. */
export function keyAdvisories(had: AccessClient | undefined, has: AccessClient | undefined): KeyAdvisory[] {
  const client = (has ?? had)!.internalName;
  const bindings = [...(had?.bindings ?? []), ...(has?.bindings ?? [])];
  const people = new Map(bindings.filter(([, { keys = [] }]) => keys.length > 0));
  const ofPeople = [...people].flatMap(([key, { person }]): KeyAdvisory[] => {
    const keysOf = (client: AccessClient | undefined) => {
      const binding = client?.bindings.get(key);
      return binding === undefined || binding.ended ? [] : binding.keys;
    };
    const [old, now] = [keysOf(had), keysOf(has)];
    if (old === undefined || now === undefined) return [];
    const { removed, added } = exchanged(old, now);
    return [
      ...(removed.length > 0 ? [{ kind: "keysRemoved" as const, person, client, keys: removed }] : []),
      ...(added.length > 0 ? [{ kind: "keysAdded" as const, person, client, keys: added }] : []),
    ];
  });
  const { removed, added } = exchanged(had?.loginKeys ?? [], has?.loginKeys ?? []);
  return [
    ...ofPeople,
    ...(removed.length > 0 ? [{ kind: "loginKeysRemoved" as const, client, keys: removed }] : []),
    ...(added.length > 0 ? [{ kind: "loginKeysAdded" as const, client, keys: added }] : []),
  ];
}

function exchanged(old: readonly AccessKey[], now: readonly AccessKey[]) {
  return { removed: without(old, now), added: without(now, old) };
}

function without(keys: readonly AccessKey[], others: readonly AccessKey[]): AccessKey[] {
  return keys.filter(({ fingerprint }) => !others.some((other) => other.fingerprint === fingerprint));
}
