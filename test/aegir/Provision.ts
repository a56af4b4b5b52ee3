/** What provision, Aegir's back end, leaves on disk for a site (docs/aegir.md#site-links). */
import type { Disk } from "./Disk";

/** Where an instance keeps its things. */
export interface Layout {
  /** `/data/disk/o1` on BOA, `/var/aegir` on a plain Aegir. */
  aegirRoot: string;
  /** The system user that owns it. */
  owner: string;
}

export class Provision {
  /** The directory that holds the client directories. */
  readonly clients: string;

  constructor(
    private readonly disk: Disk,
    readonly layout: Layout,
  ) {
    this.clients = `${layout.aegirRoot}/clients`;
    disk.makeDirectory(this.clients);
  }

  /** Installs the files of a site, below the root of its platform. */
  installSite(platformRoot: string, domain: string): void {
    const directory = siteDirectory(platformRoot, domain);
    this.disk.makeDirectory(directory);
    this.disk.write(`${directory}/settings.php`, `<?php // ${JSON.stringify(domain)}\n`);
  }

  /** Removes the files of a site, and its link in the directory of this client alone. */
  deleteSite(platformRoot: string, domain: string, uname: string | undefined): void {
    this.disk.removeTree(siteDirectory(platformRoot, domain));
    if (uname !== undefined) this.disk.removeTree(this.#linkPath(uname, domain));
  }

  /**
   * `_provision_client_create_symlink`: an old link is looked for only if the new one is not there, and only the first that
   * is found is removed. No client name, no link.
   */
  createSymlink(platformRoot: string, domain: string, uname: string | undefined): void {
    if (uname === undefined || uname === "") return;
    const present = this.linksOf(domain);
    if (present.includes(uname)) return;
    if (present[0] !== undefined) this.disk.unlink(this.#linkPath(present[0], domain));
    this.link(uname, platformRoot, domain);
  }

  /** Puts a link where it is wanted and leaves others alone, as verifies of the past may have done. */
  link(uname: string, platformRoot: string, domain: string): void {
    this.disk.makeDirectory(`${this.clients}/${uname}`);
    this.disk.link(siteDirectory(platformRoot, domain), this.#linkPath(uname, domain));
  }

  /** Every client directory with the domains of its links. */
  links(): Record<string, string[]> {
    const linked = (uname: string) => (domain: string) => this.disk.linkTarget(this.#linkPath(uname, domain));
    const directories = this.disk.list(this.clients);
    return Object.fromEntries(
      directories.map((uname) => [uname, this.disk.list(`${this.clients}/${uname}`).filter(linked(uname))]),
    );
  }

  /** The client directories that hold a link of this domain, sorted. */
  linksOf(domain: string): string[] {
    return this.disk
      .list(this.clients)
      .filter((uname) => this.disk.linkTarget(this.#linkPath(uname, domain)) !== undefined);
  }

  #linkPath(uname: string, domain: string): string {
    return `${this.clients}/${uname}/${domain}`;
  }
}

function siteDirectory(platformRoot: string, domain: string): string {
  return `${platformRoot}/sites/${domain}`;
}
