/** The door `pulumi-aegir/manifest`: YAML in, validated access out. */
export type {
  AllowedRemovals,
  RemovalLimit,
  KnownFinding,
  Manifest,
  ManifestClient,
  ManifestPerson,
  ManifestSite,
  ManifestTeam,
  ManifestUser,
  ManifestWay,
} from "./Manifest";
export { ManifestError, type ManifestProblem } from "./ManifestError";
export type { ManifestProblemCode } from "./problemCodes";
export type { ManifestOptions, ServerNaming } from "./ManifestOptions";
export { parseManifest, readManifest } from "./parseManifest";
