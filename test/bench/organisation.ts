/** A large organisation's manifest in files, the same each time. */
import { manyGrants } from "../review/manyGrants";

/** By path: people and teams in files of their own, and clients in the others. */
export function organisation(
  sites: number,
  clients: number,
  people: number,
  teams: number,
  files: number,
): Map<string, string> {
  const manifest = manyGrants(sites, clients, people);
  const names = [...new Set(manifest.match(/\b[a-z]+\.\d+\b/g))].filter((name) => !name.includes("example"));
  const persons = names.map((name) => `  ${name}: { email: ${name}@staff.example }\n`);
  const size = Math.ceil(names.length / teams);
  const team = (index: number) => `  team${index}: [${names.slice(index * size, (index + 1) * size).join(", ")}]\n`;
  const entries = manifest
    .split("\n")
    .slice(2, -1)
    .map((line, index) => `${line.replace(/\] }$/, `, { team: team${index % teams} }] }`)}\n`);
  const peopleFiles = Math.ceil(files / 5);
  return new Map([
    ...divided("people", persons, peopleFiles),
    ["teams.yaml", `version: 1\nteams:\n${Array.from({ length: teams }, (_, index) => team(index)).join("")}`],
    ...divided("clients", entries, files - peopleFiles - 1),
  ]);
}

function divided(key: string, lines: string[], files: number): [string, string][] {
  const size = Math.ceil(lines.length / files);
  return Array.from({ length: files }, (_, index) => [
    `${key}/${String(index).padStart(2, "0")}.yaml`,
    `version: 1\n${key}:\n${lines.slice(index * size, (index + 1) * size).join("")}`,
  ]);
}
