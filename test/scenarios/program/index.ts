/**
 * The program of the scenarios: declares the resources that a JSON file lists. Links are written as `${logical name.output}`,
 * so that a scenario can say all that a program can say, and change one thing at a time; a secret as `{ secret: value }`.
 */
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { AegirClient, ClientUserBinding, refuseDestroy, ShellAccount, SiteOwnership } from "pulumi-aegir";

const classes = { AegirClient, ClientUserBinding, ShellAccount, SiteOwnership };

/** One resource, or one lookup (with `id`). */
export interface Declaration {
  type: keyof typeof classes;
  name: string;
  args: Record<string, unknown>;
  options?: Omit<pulumi.CustomResourceOptions, "dependsOn"> & { dependsOn?: string[] };
}

if (new pulumi.Config("scenario").getBoolean("refuseDestroy")) refuseDestroy();

const declarations = JSON.parse(readFileSync(process.env["SCENARIO_DECLARATION"]!, "utf8")) as Declaration[];
const resources = new Map<string, pulumi.CustomResource>();

function linked(value: unknown): unknown {
  if (typeof value === "object" && value !== null && "secret" in value) return pulumi.secret(value.secret);
  const link = typeof value === "string" ? /^\$\{(.+)\.(\w+)\}$/.exec(value) : null;
  if (!link) return value;
  const resource = resources.get(link[1]!) as unknown as Record<string, pulumi.Output<unknown>>;
  return resource[link[2]!];
}

for (const { type, name, args, options } of declarations) {
  const inputs = Object.fromEntries(Object.entries(args).map(([key, value]) => [key, linked(value)]));
  const dependsOn = options?.dependsOn?.map((other) => resources.get(other)!);
  resources.set(name, new classes[type](name, inputs as never, { ...options, dependsOn }));
}

export const names = [...resources.keys()];
