/** The access before and after a deployment, from the steps of `pulumi preview --json --show-sames`. */
import { z } from "zod";
import { type AuthorizedKey, keysOf } from "../naming/AuthorizedKey";
import {
  type AccessClient,
  accessClient,
  type AccessSite,
  type Binding,
  EffectiveAccess,
  lastingBinding,
  personByMail,
  personByName,
  type Release,
} from "./EffectiveAccess";

const State = z.object({
  urn: z.string().default(""),
  type: z.string(),
  inputs: z.record(z.string(), z.unknown()).default({}),
  outputs: z.record(z.string(), z.unknown()).default({}),
});

const Preview = z.object({
  // Every preview has the step of the stack itself.
  steps: z.array(z.object({ op: z.string(), oldState: State.optional(), newState: State.optional() })).min(1),
  diagnostics: z.array(z.object({ message: z.string(), severity: z.string() })).default([]),
  changeSummary: z.object({ same: z.number().default(0) }).optional(),
});

const LEFT_OUT =
  "The preview leaves out unchanged resources, so it does not show who reaches what. " +
  "Create it with `pulumi preview --json --show-sames`.";

/** A preview that does not show all: of the bindings of those who lose a site, for example, or because it failed. */
export class IncompletePreview extends Error {
  override readonly name = "IncompletePreview";
  readonly code = "incompletePreview";
}

type Inputs = Record<string, unknown>;

/** The fields of a client's onDestroy. */
const RELEASES: Release[] = ["sites", "bindings", "platforms"];

/** What a preview is about on one server. */
export interface PreviewedAccess {
  /** The configured server; empty if the inputs name none. */
  server: string;
  before: EffectiveAccess;
  after: EffectiveAccess;
}

/**
 * Only what the stack declares is seen, on either side. A value that is known only when it is deployed is left out.
 *
 * @param preview what `pulumi preview --json --show-sames` printed, parsed
 * @param asOf the day (UTC) of the preview
 * @throws IncompletePreview if it failed, could not look at a server, or was made without `--show-sames`; ZodError if it
 *   is no preview
 */
export function accessOfPreview(preview: unknown, asOf: string): PreviewedAccess[] {
  const servers = new Map<string, { before: Declarations; after: Declarations }>();
  const of = (inputs: Inputs) => {
    const server = textOf(inputs["server"]) ?? "";
    const sides = servers.get(server) ?? { before: new Declarations(), after: new Declarations() };
    servers.set(server, sides);
    return sides;
  };
  const { steps, changeSummary, diagnostics } = Preview.parse(preview);
  const errors = diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message.trim());
  if (errors.length > 0) throw new IncompletePreview(`The preview failed, so nothing can be said. ${errors.join(" ")}`);
  const unseen = steps.flatMap(({ oldState }) => (oldState?.outputs["notLookedAt"] ? [nameOf(oldState.urn)] : []));
  if (unseen.length > 0) {
    throw new IncompletePreview(
      `The refresh of this preview could not look at ${unseen.join(", ")}, so nothing can be said.`,
    );
  }
  if (steps.filter(({ op }) => op === "same").length < (changeSummary?.same ?? 0)) {
    throw new IncompletePreview(LEFT_OUT);
  }
  for (const { oldState, newState } of steps) {
    const [old, now] = [declared(oldState), declared(newState)];
    // A person who was unbound by hand gains what the deployment restores.
    if (old && !oldState?.outputs["unbound"]) of(old.inputs).before.add(old.type, old.inputs);
    if (now) of(now.inputs).after.add(now.type, now.inputs, old?.inputs);
  }
  return Array.from(servers, ([server, { before, after }]) => ({
    server,
    before: before.access(server, asOf),
    after: after.access(server, asOf),
  }));
}

/** The logical name, which follows the type. */
function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** The type's own name and its inputs, if it is one of this package's. */
function declared(state: z.infer<typeof State> | undefined): { type: string; inputs: Inputs } | undefined {
  const type = /(?:^|\/)aegir:(\w+)$/.exec(state?.type ?? "")?.[1];
  return state === undefined || type === undefined ? undefined : { type, inputs: state.inputs };
}

class Declarations {
  readonly #clients = new Map<string, AccessClient>();
  readonly #sites = new Map<string, AccessSite>();

  add(type: string, inputs: Inputs, former?: Inputs): void {
    const text = (key: string) => textOf(inputs[key]);
    const [client, user, site] = [text("client"), text("user"), text("site")];
    if (type === "AegirClient") this.#client(inputs, former);
    else if (type === "ClientUserBinding" && client !== undefined && user !== undefined) {
      const createUser = inputs["createUser"] as Inputs | undefined;
      this.#bind(
        client,
        personByName(user, {
          createdAs: textOf(createUser?.["email"]),
          welcomed: createUser?.["welcomeMail"] === true,
        }),
      );
    } else if (type === "SiteOwnership" && client !== undefined && site !== undefined) {
      this.#sites.set(site, { site, owner: client, takeOverFrom: text("takeOverFrom"), protect: false });
      if (inputs["onDestroy"] === "leave") this.#named(client).leavesSites = true;
    } else if (type === "ShellAccount" && client !== undefined) {
      const { everyDays } = (inputs["rotation"] ?? {}) as { everyDays?: unknown };
      const isKnown = typeof everyDays === "number";
      this.#named(client).shellAccount = { rotation: text("rotation"), ...(isKnown && { everyDays }) };
      this.#named(client).loginKeys = keysIn(inputs, former);
    }
  }

  access(server: string, asOf: string): EffectiveAccess {
    return new EffectiveAccess({ asOf, server, clients: this.#clients.values(), sites: this.#sites.values() });
  }

  #client(inputs: Inputs, former: Inputs | undefined): void {
    const internalName = textOf(inputs["internalName"]);
    if (internalName === undefined) return;
    const client = this.#named(internalName);
    client.name = textOf(inputs["name"]) ?? internalName;
    const before = textOf(former?.["internalName"]);
    if (before !== internalName) client.renamedFrom = before;
    client.releases = RELEASES.filter((what) => {
      const choice = textOf((inputs["onDestroy"] as Inputs | undefined)?.[what]);
      return choice !== undefined && choice !== "refuse";
    });
    const email = textOf(inputs["email"]);
    if (email !== undefined) this.#bind(internalName, personByMail(email, inputs["welcomeMail"] === true));
  }

  #bind(client: string, person: Binding["person"]): void {
    this.#named(client).bindings.set(person.key, lastingBinding(person));
  }

  /** A client may be declared elsewhere, and named here alone. */
  #named(internalName: string): AccessClient {
    const client = this.#clients.get(internalName) ?? accessClient(internalName, internalName);
    this.#clients.set(internalName, client);
    return client;
  }
}

/** The keys of a login. Where some are not known, those that were there before count as kept. */
function keysIn({ authorizedKeys = [] }: Inputs, former: Inputs = {}): AuthorizedKey[] {
  const lines = Array.isArray(authorizedKeys) ? authorizedKeys.map(textOf) : [undefined];
  const known = keysOf(lines.filter((line) => line !== undefined));
  if (!lines.includes(undefined)) return known;
  const { authorizedKeys: before } = former;
  return [...known, ...(Array.isArray(before) ? keysOf(before.filter((line) => typeof line === "string")) : [])];
}

/**
 * A secret is an object here, and what is not known yet is this text in place of any value
 * (docs/pulumi.md#unknown-values).
 */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "04da6b54-80e4-46f7-96ec-b56ff0331ba9" ? value : undefined;
}
