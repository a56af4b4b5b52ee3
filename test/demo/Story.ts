/** Tells a story on the terminal: chapters, facts that are checked before they are believed, and who can reach what. */
import type { SmallAegir } from "../aegir/SmallAegir";
import { sitesSeenBy } from "../scenarios/World";

export class Story {
  private readonly started = performance.now();
  private chapters = 0;

  constructor(private readonly write: (text: string) => void) {}

  chapter(title: string): void {
    const seconds = ((performance.now() - this.started) / 1000).toFixed(0);
    this.write(`\n── ${++this.chapters}. ${title} ${"─".repeat(Math.max(3, 90 - title.length))} ${seconds} s\n`);
  }

  tell(text: string): void {
    this.write(`${text}\n`);
  }

  /** A fact that was looked up through another channel than the one that claims it. The story ends if it is not so. */
  fact(text: string, true_: boolean): void {
    if (!true_) throw new Error(`not so: ${text}`);
    this.write(`  ✔ ${text}\n`);
  }
}

/** Who reaches a site: its owner, the people who see it in the panel, and the login that sees its files. */
export interface Reach {
  owner: string;
  people: string[];
  logins: string[];
}

/**
 * Asks the server itself: its tables for the owner, the panel's rights for each user, and an SFTP login as each shell
 * account for the files.
 */
export async function whoReachesWhat(aegir: SmallAegir, sites: string[]): Promise<Map<string, Reach>> {
  const tables = aegir.tables();
  const seen = new Map<string, string[]>();
  for (const [login, password] of Object.entries(tables.passwordFiles)) {
    seen.set(login, (await sitesSeenBy(aegir, login, password.trimEnd())) ?? []);
  }
  const people = tables.users.filter(({ uid }) => uid !== 1).map(({ name }) => name);
  return new Map(
    sites.map((site) => [
      site,
      {
        owner: tables.sites.find((row) => row.site === site && row.status !== -2)?.owner ?? "nobody",
        people: people.filter((user) => aegir.panel.sitesOf(user).includes(site)),
        logins: [...seen].filter(([, visible]) => visible.includes(site)).map(([login]) => login),
      },
    ]),
  );
}

/** Plain columns, as wide as their widest cell. */
export function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("   ")}`.trimEnd();
  const [head, ...body] = rows;
  return [line(head!), `  ${widths.map((width) => "─".repeat(width)).join("   ")}`, ...body.map(line)].join("\n");
}
