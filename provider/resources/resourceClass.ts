/** The four resource classes: made of their properties and outputs, with the shim, the type token, and the options that cannot work. */
import { createRequire } from "node:module";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type ResourceType, shims } from "../dynamic/shim";
import { destroyGuard } from "./destroyGuard";
import { ProgramError } from "./ProgramError";
import type { InputsOf, Properties } from "./properties";

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

/** What a program can read of a resource: what it declares, and what the server made of it. */
export type OutputsOf<P extends Properties, O extends Outputs> = {
  readonly [Key in keyof InputsOf<P>]: pulumi.Output<InputsOf<P>[Key]>;
} & {
  readonly [Key in keyof O]: pulumi.Output<ValueOfOutput<O[Key]>>;
};

/** An output, as a value in the state. */
export interface Output<Value = unknown> {
  readonly isSecret: boolean;
  /** Exists for its type alone. */
  readonly value?: Value;
}

export type Outputs = Record<string, Output>;
type ValueOfOutput<O> = O extends Output<infer Value> ? Value : never;

/** The values of the outputs, as the state has them. */
export type StateOf<O extends Outputs> = { [Key in keyof O]: ValueOfOutput<O[Key]> };

export const output = <Value>(): Output<Value> => ({ isSecret: false });
export const secretOutput = <Value>(): Output<Value> => ({ isSecret: true });

/** The class of a resource type, as programs use it. */
export interface ResourceClass<Args, Readable> {
  new (name: string, args: Args, options?: pulumi.CustomResourceOptions): pulumi.CustomResource & Readable;
  /** Looks up what this stack does not manage, by its id. */
  get<Resource>(
    this: new (name: string, args: Args, options?: pulumi.CustomResourceOptions) => Resource,
    name: string,
    id: pulumi.Input<pulumi.ID>,
    options?: pulumi.CustomResourceOptions,
  ): Resource;
  /** @internal the token by which policies recognise the class */
  readonly __pulumiType: string;
}

/** @param registered registers the identities that the resource declares, and returns its arguments */
export function resourceClass<Args extends object, Readable>(
  type: ResourceType,
  properties: Properties,
  outputs: Outputs,
  registered: (name: string, args: Args) => object,
): ResourceClass<Args, Readable> {
  const filledIn = Object.keys(properties).filter((name) => properties[name]!.presence === "filledIn");
  // Named, so that a preview knows them to be unknown.
  const unknown = Object.fromEntries([...filledIn, ...Object.keys(outputs)].map((name) => [name, undefined]));
  const additionalSecretOutputs = Object.keys(outputs).filter((name) => outputs[name]!.isSecret);

  class AegirResource extends pulumi.dynamic.Resource {
    static readonly __pulumiType = typeToken(type);

    static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
      return new this(name, {} as Args, { ...options, id });
    }

    constructor(name: string, args: Args, options: pulumi.CustomResourceOptions = {}) {
      refuseOptions(type, name, options);
      refuseMissingPackage();
      const guard = destroyGuard();
      const merged = { additionalSecretOutputs, ...(guard && { hooks: guard.hooks }) };
      const { stackTraceLimit } = Error;
      // Half of the time of a large program otherwise (docs/pulumi.md#property-stacks).
      Error.stackTraceLimit = 1;
      try {
        super(
          shims[type],
          name,
          { ...unknown, ...registered(name, args) },
          pulumi.mergeOptions(options, merged),
          "aegir",
          type,
        );
      } finally {
        Error.stackTraceLimit = stackTraceLimit;
      }
      guard?.note(this);
    }
  }
  return AegirResource as unknown as ResourceClass<Args, Readable>;
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
