/** What the four resource classes have in common: the shim, the type token, and the options that cannot work. */
import { createRequire } from "node:module";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { shims, type ResourceType } from "../dynamic/shim";
import { destroyGuard } from "./destroyGuard";
import { ProgramError } from "./ProgramError";

const adoption: Record<ResourceType, string> = {
  AegirClient: 'an existing client of the same name is adopted, one of another name with onExisting: "adopt"',
  SiteOwnership: "an owner that is right already is adopted",
  ClientUserBinding: "an existing pair is adopted",
  ShellAccount: "an existing login is adopted with its password",
};

/** The type token under which Pulumi, its policies and its targets know a resource of this package. */
export function typeToken(type: ResourceType): string {
  return `pulumi-nodejs:dynamic/aegir:${type}`;
}

export abstract class AegirResource extends pulumi.dynamic.Resource {
  /** @param outputs names of the outputs that are not inputs, so that a preview knows them to be unknown */
  protected constructor(
    type: ResourceType,
    name: string,
    inputs: Record<string, unknown>,
    outputs: readonly string[],
    options: pulumi.CustomResourceOptions = {},
    secretOutputs: string[] = [],
  ) {
    refuseOptions(type, name, options);
    refuseMissingPackage();
    const guard = destroyGuard();
    const unknown = Object.fromEntries(outputs.map((output) => [output, undefined]));
    super(
      shims[type],
      name,
      { ...unknown, ...inputs },
      pulumi.mergeOptions(options, { additionalSecretOutputs: secretOutputs, ...(guard && { hooks: guard.hooks }) }),
      "aegir",
      type,
    );
    guard?.note(this);
  }
}

/**
 * Pulumi's provider process loads what the state names from its own working directory, the program's, and says no more
 * than "Cannot find module" where that fails (`require-from-string` in cmd/dynamic-provider of @pulumi/pulumi).
 */
function refuseMissingPackage(): void {
  // Other programs, such as a user's tests, have no provider process.
  if (!/[\\/]cmd[\\/]run([\\/]|$)/.test(process.argv[1] ?? "")) return;
  const directory = process.cwd();
  try {
    createRequire(join(directory, "index.js")).resolve("pulumi-aegir/dynamic");
  } catch {
    throw new ProgramError(
      "packageNotInstalled",
      `pulumi-aegir is not installed in ${directory}/node_modules or above it, where Pulumi will look for it. Nothing was ` +
        "deployed. Add pulumi-aegir to the dependencies of that project's package.json, also when another package wraps " +
        "it, and keep it there for as long as the stack holds its resources.",
    );
  }
}

function refuseOptions(type: ResourceType, name: string, options: pulumi.CustomResourceOptions): void {
  if (options.import !== undefined) {
    throw new ProgramError(
      "optionRefused",
      `${type} "${name}": the option import cannot work with dynamic resources (pulumi/pulumi#16175). ` +
        `Remove it and run \`pulumi up\`: ${adoption[type]}, and nothing is written.`,
    );
  }
  if (options.deleteBeforeReplace) {
    throw new ProgramError(
      "optionRefused",
      `${type} "${name}": the option deleteBeforeReplace is refused. It would take people's access away first and then ` +
        "stop, because a client that owns sites cannot be deleted. Remove it: a replacement is created first here.",
    );
  }
}
