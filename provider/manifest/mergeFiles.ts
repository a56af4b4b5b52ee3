/** The entries of all files as those of one manifest. */
import { canonicalName } from "../naming/SpelledName";
import { printable } from "../text/printable";
import type { ManifestEntries, Text } from "./ManifestEntries";
import { placeOf, type Report } from "./SourceText";

/** @param files at least one */
export function mergeFiles(files: readonly ManifestEntries[], report: Report): ManifestEntries {
  const [first] = files;
  if (first === undefined) throw new Error("a manifest has at least one file");
  const settings = new Map(first.settings);
  for (const { settings: more } of files.slice(1)) {
    for (const [name, key] of more) {
      const other = settings.get(name);
      if (other === undefined) settings.set(name, key);
      else {
        const { file, line } = placeOf(other);
        report(
          key,
          "duplicateSetting",
          `${name} is also on line ${line} of ${printable(file)}, and a manifest has it once. Delete one of the two.`,
          other,
        );
      }
    }
  }
  const holder = (setting: string) => files.find((file) => file.settings.has(setting)) ?? first;
  return {
    start: first.start,
    settings,
    server: holder("server").server,
    removalLimit: holder("removalLimit").removalLimit,
    gainLimit: holder("gainLimit").gainLimit,
    allowRemovals: holder("allowRemovals").allowRemovals,
    allowGains: holder("allowGains").allowGains,
    rules: files.flatMap(({ rules }) => rules),
    knownFindings: files.flatMap(({ knownFindings }) => knownFindings),
    people: files.flatMap(({ people }) => people),
    teams: files.flatMap(({ teams }) => teams),
    clients: files.flatMap(({ clients }) => clients),
    files: files.flatMap(({ files: each }) => each),
  };
}

/** Names that could be taken for others, as their spelled-out form. */
export function spelledOut(entries: ManifestEntries): ManifestEntries {
  const spell = <Name extends Text | undefined>(name: Name): Name =>
    name && { ...name, text: canonicalName(name.text) };
  return {
    ...entries,
    people: entries.people.map((person) => ({ ...person, id: spell(person.id), name: spell(person.name) })),
    teams: entries.teams.map(({ name, members }) => ({ name: spell(name), members: members.map(spell) })),
    clients: entries.clients.map((client) => ({
      ...client,
      name: spell(client.name),
      users: client.users.map((user) => ({ ...user, name: spell(user.name) })),
      teams: client.teams.map((entry) => ({ ...entry, team: spell(entry.team) })),
    })),
  };
}
