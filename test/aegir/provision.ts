/** What provision, Aegir's back end, leaves on disk for a site (contract 3.7). */
import { FileSystem } from "./FileSystem";

/** Where an instance keeps its things. */
export interface Layout {
  /** `/data/disk/o1` on BOA, `/var/aegir` on a plain Aegir. */
  aegirRoot: string;
  /** The system user that owns it. */
  owner: string;
  /** The directory that holds the client directories. */
  clients: string;
}

export class Provision {
  constructor(
    private readonly files: FileSystem,
    readonly layout: Layout,
  ) {
    files.makeDirectory(layout.clients);
  }

  /** Installs the files of a site, below the root of its platform. */
  installSite(platformRoot: string, domain: string): void {
    const directory = siteDirectory(platformRoot, domain);
    this.files.makeDirectory(directory);
    this.files.write(`${directory}/settings.php`, `<?php // ${JSON.stringify(domain)}\n`);
  }

  /** Takes the files of a site away, and its link in the directory of this client alone. */
  deleteSite(platformRoot: string, domain: string, uname: string | undefined): void {
    this.files.removeTree(siteDirectory(platformRoot, domain));
    if (uname !== undefined && this.files.lstat(this.linkPath(uname, domain))) {
      this.files.unlink(this.linkPath(uname, domain));
    }
  }

  /**
   * `_provision_client_create_symlink`: a link that is there is made anew, because the site may have moved to another
   * platform; an old one is looked for only when it was not, and only the first that is found is removed. No client name,
   * no link.
   */
  createSymlink(platformRoot: string, domain: string, uname: string | undefined): void {
    if (uname === undefined || uname === "") return;
    const present = this.files.lstat(this.linkPath(uname, domain)) !== undefined;
    const old = present ? uname : this.linksOf(domain)[0];
    if (old !== undefined) this.files.unlink(this.linkPath(old, domain));
    this.link(uname, platformRoot, domain);
  }

  /** Puts a link where it is wanted and leaves others alone, as verifies of the past may have done. */
  link(directory: string, platformRoot: string, domain: string): void {
    this.files.makeDirectory(`${this.layout.clients}/${directory}`);
    this.files.link(siteDirectory(platformRoot, domain), this.linkPath(directory, domain));
  }

  /** Every client directory with the domains of its links. */
  links(): Record<string, string[]> {
    const { clients } = this.layout;
    return Object.fromEntries(
      this.files
        .list(clients)
        .filter((directory) => this.files.stat(`${clients}/${directory}`)?.kind === "directory")
        .map((directory) => [
          directory,
          this.files
            .list(`${clients}/${directory}`)
            .filter((name) => this.files.lstat(this.linkPath(directory, name))?.kind === "link"),
        ]),
    );
  }

  /** The client directories that hold a link of this domain, sorted. */
  linksOf(domain: string): string[] {
    return this.files
      .list(this.layout.clients)
      .filter((directory) => this.files.lstat(this.linkPath(directory, domain))?.kind === "link");
  }

  private linkPath(directory: string, domain: string): string {
    return `${this.layout.clients}/${directory}/${domain}`;
  }
}

function siteDirectory(platformRoot: string, domain: string): string {
  return `${platformRoot}/sites/${domain}`;
}
