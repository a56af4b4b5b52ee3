/** What a manifest declares, as its rules are judged on it. */
import { mailKey } from "../naming/PanelUser";
import { canonicalName } from "../naming/SpelledName";
import type { Grant, RuledAccess, RuledClient, RuledPerson } from "../rules/RuledAccess";
import type { Manifest, ManifestClient, ManifestUser } from "./Manifest";

export function ruledAccess({ asOf, clients, people, teams }: Omit<Manifest, "warnings">): RuledAccess {
  const known = peopleOf({ people, teams, clients });
  const byMail = new Map([...known.values()].flatMap((person) => person.mails.map((mail) => [mail, person] as const)));
  const granted = ({ key, expires, ways }: ManifestUser): Grant => ({
    person: known.get(`user:${key}`)!,
    expires,
    ways,
  });
  return {
    asOf,
    people: known,
    teams: new Map(
      teams.map(({ name, members, file, line, column }) => {
        return [name, { members: new Set(members.map((key) => `user:${key}`)), place: { file, line, column } }];
      }),
    ),
    clients: clients.map((client): RuledClient => {
      const { internalName, renamedFrom, sites, file, line, column } = client;
      return {
        internalName,
        title: canonicalName(client.name),
        names: [internalName, ...(renamedFrom === undefined ? [] : [renamedFrom])],
        sites: sites.map(({ site }) => ({ site, formerOwners: [] })),
        grants: [...client.users.map(granted), ...mailGrant(client, byMail)],
        ended: client.expired.map(granted),
        declared: true,
        place: { file, line, column },
      };
    }),
  };
}

/** A client's `email` is a person's, if one has this address. */
function mailGrant(client: ManifestClient, byMail: ReadonlyMap<string, RuledPerson>): Grant[] {
  const { email, users, file, line, column } = client;
  if (email === undefined) return [];
  const mail = mailKey(email);
  const person = byMail.get(mail) ?? { ...unknownPerson(`mail:${mail}`, email), mails: [mail] };
  if (users.some(({ key }) => `user:${key}` === person.key)) return [];
  return [{ person, expires: undefined, ways: [{ file, line, column }] }];
}

function peopleOf({
  people,
  teams,
  clients,
}: Pick<Manifest, "people" | "teams" | "clients">): Map<string, RuledPerson> {
  const found = new Map<string, RuledPerson>();
  for (const { key: user, name, email, external } of people) {
    const key = `user:${user}`;
    const mails = email === undefined ? [] : [mailKey(email)];
    found.set(key, { ...unknownPerson(key, name), mails, external, recorded: true });
  }
  for (const { key: user, name, createUser } of clients.flatMap(({ users, expired }) => [...users, ...expired])) {
    const key = `user:${user}`;
    const person = found.get(key) ?? unknownPerson(key, name);
    const mail = createUser && mailKey(createUser.email);
    const isNew = mail !== undefined && !person.mails.includes(mail);
    found.set(key, isNew ? { ...person, mails: [...person.mails, mail] } : person);
  }
  // Without records, a team may have people who act for no client.
  for (const member of teams.flatMap(({ members }) => members)) {
    const key = `user:${member}`;
    if (!found.has(key)) found.set(key, unknownPerson(key, member));
  }
  return found;
}

function unknownPerson(key: string, name: string): RuledPerson {
  return { key, name: canonicalName(name), mails: [], recorded: false, external: false, administrator: false };
}
