/**
 * The desired access that a manifest declares, validated, in one normal form and in a stable order: clients by internal
 * name, sites by domain, users by name, whatever the order in the file.
 */
import type { ManifestProblem } from "./ManifestError";

export interface Manifest {
  /** The configured server that the manifest is about; undefined for the only one there is. */
  server: string | undefined;
  clients: ManifestClient[];
  /** What a reader should look at twice, in the order of the file; nothing here stops a deployment. */
  warnings: ManifestProblem[];
}

export interface ManifestClient extends Located {
  name: string;
  internalName: string;
  email: string | undefined;
  sites: ManifestSite[];
  /** What becomes of the client's sites when they leave the manifest. */
  onDestroy: "default-owner" | "leave";
  users: ManifestUser[];
  shellAccount: { rotation: string | undefined } | undefined;
}

export interface ManifestSite extends Located {
  /** Normal form of `normalizeDomain`. */
  site: string;
  /** Internal name of the one other client that may lose the site to this one. */
  takeOverFrom: string | undefined;
}

export interface ManifestUser extends Located {
  name: string;
  /** Declared at one of the user's entries, and then true of all of them, because nothing orders bindings. */
  createUser: { email: string } | undefined;
}

/** Where in the file something is declared; both count from 1. */
export interface Located {
  line: number;
  column: number;
}
