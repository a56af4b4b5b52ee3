/** Prints the demo on the terminal: chapters, facts that are checked before they are believed, and who can reach what. */
import type { SmallAegir } from "../aegir/SmallAegir";
import { sitesSeenBy } from "../scenarios/Scenario";

export const print = (text: string): void => void process.stdout.write(`${text}\n`);

let chapters = 0;

export function chapter(title: string): void {
  const seconds = performance.now() / 1000;
  print(`\n── ${++chapters}. ${title} ${"─".repeat(Math.max(3, 90 - title.length))} ${seconds.toFixed(0)} s`);
}

/** A fact that was looked up through another channel than the one that claims it. The demo ends if it is not so. */
export function fact(text: string, true_: boolean): void {
  if (!true_) throw new Error(`not so: ${text}`);
  print(`  ✔ ${text}`);
}

/**
 * Who reaches each site, as in `acme (alice, bob; o1.acme)`. Asks the server itself: its tables for the owner, the panel's
 * rights for each user, and an SFTP login as each shell account for the files.
 */
export async function whoReachesWhat(aegir: SmallAegir, sites: string[]): Promise<string[]> {
  const { passwordFiles, users, sites: rows } = aegir.tables();
  const seen = new Map<string, string[]>();
  for (const [login, password] of Object.entries(passwordFiles)) {
    seen.set(login, (await sitesSeenBy(aegir, login, password.trimEnd())) ?? []);
  }
  return sites.map((site) => {
    const owner = rows.find((row) => row.site === site && row.status !== -2)?.owner ?? "nobody";
    const people = users.filter(({ uid, name }) => uid !== 1 && aegir.panel.sitesOf(name).includes(site));
    const logins = [...seen].flatMap(([login, visible]) => (visible.includes(site) ? [login] : []));
    const names = people.map(({ name }) => name).sort();
    return `${owner} (${names.join(", ") || "nobody"}; ${logins.join(", ") || "no login"})`;
  });
}

/** Plain columns, as wide as their widest cell. */
export function table(columns: [head: string, cells: string[]][]): string {
  const widths = columns.map(([head, cells]) => Math.max(...[head, ...cells].map((cell) => cell.length)));
  const line = (row: string[]) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("   ")}`.trimEnd();
  const rows = columns[0]![1].map((_, index) => columns.map(([, cells]) => cells[index]!));
  return [columns.map(([head]) => head), widths.map((width) => "─".repeat(width)), ...rows].map(line).join("\n");
}
