/**
 * The grants of a deployment as a text that the stack exports, so that its next deployment knows what would be taken away.
 * One line per client, so that people can compare two of them.
 */
import { z } from "zod";
import {
  type AccessClient,
  accessClient,
  type AccessKey,
  type Binding,
  byName,
  type DeclaredLogin,
  EffectiveAccess,
  type Person,
  personByMail,
  personByName,
} from "./EffectiveAccess";
import { leavesOf } from "./leaving";

const HEADING = "pulumi-aegir grants, version 1";

const Limit = z.object({ percent: z.number(), atLeast: z.number() });

const Settings = z.union([
  z.object({ server: z.string().optional(), removalLimit: Limit, gainLimit: Limit.optional() }),
  // Earlier releases called the limit a brake.
  z
    .object({ server: z.string().optional(), brake: Limit })
    .transform(({ server, brake }) => ({ server, removalLimit: brake, gainLimit: undefined })),
]);

/** A name, or with its last day; `{ mail }` for a person known by a mail address. */
const Holder = z.union([z.string(), z.tuple([z.string(), z.string()]), z.object({ mail: z.string() })]);

/** What is false or empty is left out. */
const ClientGrants = z.object({
  client: z.string(),
  name: z.string(),
  protect: z.literal(true).optional(),
  keepPeople: z.literal(true).optional(),
  leavesSites: z.literal(true).optional(),
  releases: z.array(z.enum(["sites", "bindings", "platforms"])).optional(),
  shellAccount: z
    .object({
      rotation: z.string().optional(),
      everyDays: z.number().optional(),
      rotateOnLeave: z.literal(true).optional(),
      leaves: z.number().optional(),
    })
    .optional(),
  people: z.array(Holder).optional(),
  /** By the name of the person, each as `ssh-ed25519 SHA256:...`. */
  keys: z.record(z.string(), z.array(z.string())).optional(),
  sites: z.array(z.string()).optional(),
  protectedSites: z.array(z.string()).optional(),
});

/** The grants cannot be read. A stack that exports none yet has no grants instead. */
export class UnreadableGrants extends Error {
  override readonly name = "UnreadableGrants";
  readonly code = "unreadableGrants";
}

/**
 * The text depends on the access alone, not on the day: what has ended is left out.
 *
 * @param before names are spelled as they are there, because another spelling of the same person is not a change
 */
export function grantsText(access: EffectiveAccess, before?: EffectiveAccess): string {
  const spelled = ({ key, name }: Person) => before?.people.get(key)?.name ?? name;
  const { server, removalLimit, gainLimit } = access;
  const clients = [...access.clients.values()].map((client): z.input<typeof ClientGrants> => {
    const bindings = [...client.bindings.values()].filter(({ ended }) => !ended);
    const people = bindings
      .map(({ person, expires }) => ({ by: person.by, name: spelled(person), expires }))
      .sort((left, right) => (left.by === right.by ? byName(left, right) : left.by === "name" ? -1 : 1));
    const keys = bindings
      .filter(({ keys = [] }) => keys.length > 0)
      .map(({ person, keys = [] }) => [
        spelled(person),
        keys.map(({ type, fingerprint: key }) => `${type} ${key}`).sort(),
      ])
      .sort(([one], [other]) => (one! < other! ? -1 : 1));
    const sites = access.sitesOf(client.internalName);
    const protectedSites = sites.filter((site) => access.sites.get(site)?.protect);
    return {
      client: client.internalName,
      name: client.name,
      ...(client.protect && { protect: true }),
      ...(client.keepPeople && { keepPeople: true }),
      ...(client.leavesSites && { leavesSites: true }),
      ...(client.releases.length > 0 && { releases: [...client.releases] }),
      ...(client.shellAccount && { shellAccount: loginGrants(client.shellAccount, leavesOf(client, before)) }),
      ...(people.length > 0 && {
        people: people.map(({ by, name, expires }) => {
          if (by === "mail") return { mail: name };
          return expires === undefined ? name : ([name, expires] as [string, string]);
        }),
      }),
      ...(keys.length > 0 && { keys: Object.fromEntries(keys) as Record<string, string[]> }),
      ...(sites.length > 0 && { sites: [...sites] }),
      ...(protectedSites.length > 0 && { protectedSites }),
    };
  });
  return [HEADING, ...[{ server, removalLimit, gainLimit }, ...clients].map((line) => JSON.stringify(line))].join("\n");
}

function loginGrants({ rotation, everyDays, rotateOnLeave }: DeclaredLogin, leaves: number) {
  return {
    ...(rotation !== undefined && { rotation }),
    ...(everyDays !== undefined && { everyDays }),
    ...(rotateOnLeave && { rotateOnLeave: true as const }),
    ...(leaves > 0 && { leaves }),
  };
}

/**
 * @param asOf the day (UTC) on which it is read
 * @param instance as in EffectiveAccess
 * @throws UnreadableGrants for a text of another version, or of another origin
 */
export function readGrants(text: unknown, asOf: string, instance?: string | null): EffectiveAccess {
  const [heading, settings, ...lines] = typeof text === "string" ? text.split("\n") : [];
  if (heading !== HEADING) throw new UnreadableGrants(`they do not begin with "${HEADING}"`);
  try {
    const { server, removalLimit, gainLimit } = Settings.parse(JSON.parse(settings ?? ""));
    const clients = lines.map((line) => ClientGrants.parse(JSON.parse(line)));
    return new EffectiveAccess({
      asOf,
      server,
      instance,
      removalLimit,
      gainLimit,
      clients: clients.map(clientOf),
      sites: clients.flatMap(({ client, sites = [], protectedSites = [] }) => {
        const marked = new Set(protectedSites);
        return sites.map((site) => ({ site, owner: client, takeOverFrom: undefined, protect: marked.has(site) }));
      }),
    });
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) throw new UnreadableGrants(error.message);
    throw error;
  }
}

function clientOf(grants: z.infer<typeof ClientGrants>): AccessClient {
  const { client, name, protect = false, keepPeople = false, leavesSites = false } = grants;
  const { releases = [], shellAccount, people = [] } = grants;
  const { keys = {} } = grants;
  return accessClient(client, name, {
    protect,
    keepPeople,
    leavesSites,
    releases,
    shellAccount: shellAccount && { ...shellAccount, rotation: shellAccount.rotation },
    bindings: new Map(people.map((holder) => bindingOf(holder, keys)).map((binding) => [binding.person.key, binding])),
  });
}

function bindingOf(holder: z.infer<typeof Holder>, keys: Record<string, string[]>): Binding {
  const [name, expires] = Array.isArray(holder) ? holder : [holder, undefined];
  const person = typeof name === "string" ? personByName(name) : personByMail(name.mail);
  const own = typeof name === "string" && Object.hasOwn(keys, name) ? keys[name]! : [];
  return { person, expires, reason: undefined, ended: false, keys: own.map(keyOf) };
}

function keyOf(text: string): AccessKey {
  const [type = "", fingerprint = ""] = text.split(" ");
  return { type, fingerprint, comment: "" };
}
