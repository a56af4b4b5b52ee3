import type { Manifest, ManifestClient, ManifestUser } from "../manifest/Manifest";
import { ruledAccess } from "../manifest/ruledAccess";
import { keysOf } from "../naming/AuthorizedKey";
import type { RuledAccess } from "../rules/RuledAccess";
import { declarationsOf } from "./declarations";
import {
  type Binding,
  type DeclaredLogin,
  EffectiveAccess,
  lastingBinding,
  type Person,
  personByMail,
  personByName,
  type Release,
} from "./EffectiveAccess";
import type { LastUse } from "./lastUse";

/**
 * The access that a manifest declares: what the server holds besides is not known here, because bindings are added to
 * whatever others there are.
 *
 * @param instance the Octopus instance, the `o1` of a login `o1.acme`, if it is known; null of a server that makes no logins
 * @param lastUses when people last used the panel, by their keys, where it is known
 */
export function accessOfManifest(
  manifest: Manifest,
  instance?: string | null,
  lastUses: ReadonlyMap<string, LastUse> = new Map(),
): EffectiveAccess {
  const paths = new Map(manifest.files.map(({ file, path }) => [file, path]));
  const records = new Map(manifest.people.map((person) => [person.key, person]));
  // One object for each person, who may act for many clients.
  const people = new Map<string, Person>();
  const personOf = ({ name, key, createUser }: Pick<ManifestUser, "name" | "key" | "createUser">): Person => {
    const known = people.get(name);
    if (known !== undefined) return known;
    const { id, email, external, ends } = records.get(key) ?? {};
    const created = { createdAs: createUser?.email, welcomed: createUser?.welcomeMail ?? false };
    const person = personByName(name, { ...created, id, email, external, ends, lastUse: lastUses.get(keyOf(key)) });
    people.set(name, person);
    return person;
  };
  let ruled: RuledAccess | undefined;
  return new EffectiveAccess({
    asOf: manifest.asOf,
    server: manifest.server,
    instance,
    removalLimit: manifest.removalLimit,
    allowRemovals: manifest.allowRemovals,
    teams: new Map(manifest.teams.map(({ name, members }) => [name, new Set(members.map(keyOf))])),
    teamsIn: new Map(manifest.teams.map(({ name, teams }) => [name, new Set(teams)])),
    listedIn: new Map(manifest.teams.map(({ name, listed }) => [name, new Set(listed.map(keyOf))])),
    declarations: declarationsOf(manifest),
    files: new Map(manifest.files.map((file) => [file.path, file])),
    gainLimit: manifest.gainLimit,
    allowGains: manifest.allowGains,
    ruled: {
      rules: manifest.rules,
      // Only what has rules to judge needs it.
      get access() {
        return (ruled ??= ruledAccess(manifest));
      },
    },
    clients: manifest.clients.map((client) => {
      const bindings = [
        ...client.users.map((user) => ({ user, ended: false })),
        ...client.expired.map((user) => ({ user, ended: true })),
      ].map(({ user, ended }): Binding => {
        const { expires, reason, ways } = user;
        const person = personOf(user);
        const keys = client.shellAccount ? keysOf(user.keys) : [];
        return { person, expires, reason, ended, keys, ways };
      });
      if (client.email !== undefined) {
        const { file, line, column } = client;
        const way = { team: undefined, expires: undefined, reason: undefined, file, line, column };
        bindings.push({ ...lastingBinding(personByMail(client.email, client.welcomeMail)), ways: [way] });
      }
      return {
        internalName: client.internalName,
        name: client.name,
        renamedFrom: client.renamedFrom,
        protect: client.protect,
        keepPeople: client.keepPeople,
        owners: client.owners,
        path: paths.get(client.file),
        leavesSites: client.onDestroy.sites === "leave",
        releases: releasesOf(client.onDestroy),
        shellAccount: client.shellAccount && {
          ...rotationOf(client.shellAccount.rotation),
          rotateOnLeave: client.shellAccount.rotateOnLeave,
        },
        bindings: new Map(bindings.map((binding) => [binding.person.key, binding])),
      };
    }),
    // Those who act for clients are made above.
    people: manifest.people.map(({ name, key, email }) =>
      personOf({ name, key, createUser: email === undefined ? undefined : { email, welcomeMail: false } }),
    ),
    sites: manifest.clients.flatMap(({ internalName, sites }) =>
      sites.map(({ site, takeOverFrom, protect, file, line, column }) => ({
        site,
        owner: internalName,
        takeOverFrom,
        protect,
        declaredAt: { file, line, column },
      })),
    ),
  });
}

/** The key of the person that a manifest's key stands for. */
function keyOf(key: string): string {
  return `user:${key}`;
}

function releasesOf({ undeclaredSites, undeclaredBindings, platforms }: ManifestClient["onDestroy"]): Release[] {
  return [
    ...(undeclaredSites === "refuse" ? [] : (["sites"] as const)),
    ...(undeclaredBindings === "refuse" ? [] : (["bindings"] as const)),
    ...(platforms === "refuse" ? [] : (["platforms"] as const)),
  ];
}

/** A label, or the days of a rotation by age. */
export function rotationOf(rotation: string | { everyDays: number } | undefined): DeclaredLogin {
  if (typeof rotation !== "object") return { rotation };
  return { rotation: undefined, everyDays: rotation.everyDays };
}
