/** What a manifest declares besides its clients, each with the owners of the file that it is in. */
import type { Located, Manifest } from "../manifest/Manifest";
import type { Declaration } from "./EffectiveAccess";

export function declarationsOf(manifest: Manifest): Declaration[] {
  const { people, teams, rules, knownFindings, files } = manifest;
  const ownersOf = new Map(files.map(({ file, owners }) => [file, owners]));
  const declaration = (kind: Declaration["kind"], name: string, file: string, says: unknown) => ({
    kind,
    name,
    owners: ownersOf.get(file) ?? [],
    says,
  });
  return [
    ...people.map((person) => declaration("person", person.id, person.file, withoutPlace(person))),
    // What is in a team in it is said there.
    ...teams.map(({ name, file, listed, listedTeams }) => declaration("team", name, file, [listed, listedTeams])),
    ...rules.map((rule) => declaration("rule", rule.rule, rule.file, withoutPlace(rule))),
    ...knownFindings.map((known) => declaration("knownFinding", known.finding, known.file, withoutPlace(known))),
    ...files.flatMap(({ file, path, settings, scope }) => [
      ...settings.map((name) => declaration("setting", name, file, manifest[name as keyof Manifest])),
      ...(scope.clients || scope.sites ? [declaration("scope", path || file, file, scope)] : []),
    ]),
  ];
}

function withoutPlace(declared: Located): object {
  return { ...declared, file: undefined, line: undefined, column: undefined };
}
