/** The door `pulumi-aegir/manifest`: YAML in, validated access out. */
export type {
  AllowedGains,
  AllowedRemovals,
  GrantLimit,
  RemovalLimit,
  KnownFinding,
  Manifest,
  ManifestClient,
  ManifestFile,
  ManifestPerson,
  ManifestRule,
  ManifestSite,
  ManifestTeam,
  ManifestUser,
  ManifestWay,
} from "./Manifest";
export { ManifestError, type ManifestProblem } from "./ManifestError";
export type { ManifestProblemCode } from "./problemCodes";
export type { ManifestOptions, ServerNaming } from "./ManifestOptions";
export type { ManifestFileContent } from "./ManifestFiles";
export { parseFiles, parseManifest, readManifest } from "./parseManifest";
