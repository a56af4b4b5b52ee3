/** The options with which a question about access names its source, and the access that they mean. */
import { findSite, People, similarSites } from "../answers/find";
import { liveAccess } from "../inventory/liveAccess";
import { type Manifest, ManifestError, parseFiles } from "../manifest";
import { type AccessSite, type EffectiveAccess, type Person } from "../review";
import { enumerated, name, rendered } from "../text/Phrase";
import { printable } from "../text/printable";
import { quoted } from "../text/quoted";
import { type CommandContext, type CommandOptions, type CommandResult, UsageError } from "./Command";
import { ExitCode } from "./ExitCode";
import { filesAt } from "./git";
import {
  accessOf,
  asOfDay,
  manifestPath,
  manifestWithInventory,
  namingOptions,
  OFFLINE_OPTIONS,
  readManifestAt,
} from "./manifestOptions";
import { readPreview } from "./previewFile";

/** The same for every question. */
export const SOURCE_OPTIONS = {
  manifest: {
    type: "string",
    value: "PATH",
    help: "the manifest, a file or a directory (default: access.yaml or access/, in the current directory or in stacks/)",
  },
  revision: { type: "string", value: "REV", help: "reads the manifest from this git revision" },
  preview: {
    type: "string",
    value: "FILE",
    help: "reads the output of `pulumi preview --json --show-sames` instead: the access after it is deployed",
  },
  live: {
    type: "boolean",
    help: "reads the server: includes administrators and access that is not declared, and shows what the manifest declares where",
  },
  server: { type: "string", value: "NAME", help: "with --preview: selects one of several servers" },
  ...OFFLINE_OPTIONS,
} as const satisfies CommandOptions;

/** How a question may name a person. */
export const PERSON_HELP =
  "PERSON is a key under `people`, the name of a panel user in any capitals, a mail address, or the fingerprint of a key " +
  "(SHA256:...).";

/** What the help of each question says of its source. */
export const SOURCE_HELP =
  "Reads the manifest, and needs no server. --revision, --preview and --live read another source. Administrators, " +
  "and access that is not declared, are known only to --live, which needs the server's configuration.";

type SourceOptions = { [Name in keyof typeof SOURCE_OPTIONS]?: Name extends "live" ? boolean : string };

/** Access to ask about. */
interface Source {
  access: EffectiveAccess;
  /** What it was read from, safe to show. */
  origin: string;
}

/**
 * Asks one question of the access that the options name.
 *
 * @param ask finds the answer, and says whether there is such access
 */
export async function answered(
  values: SourceOptions,
  context: CommandContext,
  ask: (access: EffectiveAccess) => { hasAccess: boolean; facts: object; text: string },
): Promise<CommandResult> {
  const { access, origin } = await sourceOf(values, context);
  const { hasAccess, facts, text } = ask(access);
  const limits = values.live ? "" : " Administrators and undeclared access: only with --live.";
  return {
    exitCode: hasAccess ? ExitCode.ok : ExitCode.found,
    facts: { asOf: access.asOf, source: origin, ...facts },
    text: (style) => `${text}\n\n${style.dim(`Read from ${origin}, as of ${access.asOf}.${limits}`)}`,
  };
}

async function sourceOf(values: SourceOptions, context: CommandContext): Promise<Source> {
  const { manifest, revision, preview, live = false, server, ...options } = values;
  const given = [revision !== undefined && "--revision", preview !== undefined && "--preview", live && "--live"];
  const sources = given.filter((each) => each !== false);
  if (sources.length > 1) throw new UsageError(`${sources.join(" and ")} cannot be combined.`);
  if (server !== undefined && preview === undefined) throw new UsageError("--server needs --preview.");
  const { directory } = context;
  if (preview !== undefined) {
    if (manifest !== undefined) throw new UsageError("--preview and --manifest cannot be combined.");
    return { access: previewed(preview, server, asOfDay(options["as-of"]), directory), origin: printable(preview) };
  }
  if (live) {
    const read = await manifestWithInventory(manifest, options, context);
    return {
      access: liveAccess(read.manifest, read.inventory, read.logins),
      origin: `the server and ${printable(read.path)}`,
    };
  }
  const path = manifestPath(manifest, directory, revision !== undefined);
  const manifestOptions = { asOf: asOfDay(options["as-of"]), ...namingOptions(options, directory) };
  try {
    const read = revision === undefined ? readManifestAt(path, directory, manifestOptions) : atRevision(revision);
    const origin = `${printable(path)}${revision === undefined ? "" : ` at ${printable(revision, 100)}`}`;
    return { access: accessOf(read, manifestOptions), origin };
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    throw new UsageError(`The question cannot be answered, because ${error.report}`);
  }

  function atRevision(name: string): Manifest {
    const [found] = filesAt([name], path, directory);
    if (found === undefined) {
      throw new UsageError(
        `${printable(name, 100)} has no manifest ${printable(path)} (from ${printable(directory)}).`,
      );
    }
    return parseFiles(found.path, found.files, { ...manifestOptions, deployed: true });
  }
}

function previewed(file: string, server: string | undefined, asOf: string, directory: string): EffectiveAccess {
  const all = readPreview(file, asOf, directory);
  const [first, ...others] = server === undefined ? all : all.filter((each) => each.server === server);
  const names = all.map((each) => printable(each.server, 60)).join(", ");
  if (first === undefined) {
    throw new UsageError(
      all.length === 0 ? `No step of ${printable(file)} concerns access.` : `--server must be one of: ${names}.`,
    );
  }
  if (others.length > 0) throw new UsageError(`This preview is of several servers. Give --server: ${names}.`);
  return first.after;
}

/** @throws UsageError with the names that may be meant */
export function requireSite(access: EffectiveAccess, asked: string): AccessSite {
  const site = findSite(access, asked);
  if (site !== undefined) return site;
  const client = access.clients.get(asked);
  if (client !== undefined) {
    const sites = access.sitesOf(asked);
    const has = sites.length > 0 ? `Its sites: ${listed(sites)}.` : "It has no site.";
    throw new UsageError(`${quoted(asked)} is a client, and SITE is a domain. ${has}`);
  }
  throw new UsageError(
    `There is no site ${quoted(asked)} here.${suggestion(similarSites(access, asked))} SITE is the main domain of a site; its aliases are not known.`,
  );
}

/** @throws UsageError with the names that may be meant */
export function requirePerson(access: EffectiveAccess, asked: string): Person[] {
  const people = new People(access);
  const users = people.find(asked);
  if (users.length > 0) return users;
  throw new UsageError(`There is no person ${quoted(asked)} here.${suggestion(people.similar(asked))} ${PERSON_HELP}`);
}

function suggestion(names: readonly string[]): string {
  return names.length === 0 ? "" : ` Did you mean ${listed(names, "or")}?`;
}

function listed(names: readonly string[], last = "and"): string {
  const list = rendered(enumerated(names.map(name), 10), (each) => printable(each));
  return last === "and" ? list : list.replace(/ and (?=\S+$)/, ` ${last} `);
}
