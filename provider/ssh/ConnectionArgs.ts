import { z } from "zod";
import { readAddress } from "./address";
import { HOST_KEY_FORMS, HostKeyPins, identityFingerprint } from "./HostKey";

/** No character that would make a host or user name more than one word, and nothing that cannot be seen. */
const word = (what: string) =>
  z
    .string(`needs ${what}`)
    .min(1, `needs ${what}`)
    .refine((text) => !/[\s\p{C}@]/u.test(text), `${what} has no spaces, no @ and no control characters`);

/** What an address says besides the host has become `user` and `port` by now, or says something else than they do. */
const host = (what: string) =>
  z
    .string(`needs ${what}`)
    .min(1, `needs ${what}`)
    .refine((text) => hostProblem(text) === undefined, {
      error: ({ input }) => `${what} ${hostProblem(input as string) ?? ""}`,
    });

function hostProblem(text: string): string | undefined {
  const address = readAddress(text);
  if (typeof address === "string") return address;
  if (address.user !== undefined) return "names a user, and user says another one: write it in one of the two";
  if (address.port !== undefined) return "names a port, and port says another one: write it in one of the two";
  return undefined;
}

/** Takes apart what `host` says of user and port, where these do not say something else. */
function withAddress(connection: unknown): unknown {
  if (typeof connection !== "object" || connection === null) return connection;
  const given = connection as { host?: unknown; port?: unknown; user?: unknown };
  const tidy = typeof given.user === "string" ? { ...given, user: given.user.trim() } : given;
  const address = typeof given.host === "string" ? readAddress(given.host) : "";
  if (typeof address === "string") return tidy;
  const contradicts = (["port", "user"] as const).some(
    (key) => address[key] !== undefined && tidy[key] !== undefined && tidy[key] !== address[key],
  );
  return contradicts ? tidy : { ...tidy, ...address };
}

/** The message for a secret of a wrong type: zod's own may repeat what was given. */
const secret = z.string("must be text").optional();

/** zod's own int() would keep the host key from being looked at. */
const whole = (least: number, most: number) => (value: number) =>
  Number.isInteger(value) && value >= least && value <= most;

const IDENTITY =
  "must be the key's fingerprint, SHA256:... as `ssh-add -l` prints it, or the line of its .pub file, `ssh-ed25519 AAAA...`";
const LIMIT = "must be a whole number, -1 or more";
const PORT = "must be a port number, 1 to 65535";
const SECONDS = "must be a number of seconds, more than 0 and at most 3600";

const fields = {
  /** Name or address. */
  host: host("the server's name or address"),
  port: z.number(PORT).refine(whole(1, 65535), PORT).default(22),
  user: word("the login's name"),
  password: secret,
  /** The key's text, not a path. */
  privateKey: secret,
  privateKeyPassword: secret,
  /** Default: what SSH_AUTH_SOCK says. */
  agentSocketPath: z.string("must be a path").min(1, "must be a path").optional(),
  /** The one key of an agent to offer: its fingerprint, or the line of its .pub file (as OpenSSH's IdentityFile names it). */
  identity: z
    .string(IDENTITY)
    .refine((text) => identityFingerprint(text) !== undefined, IDENTITY)
    .optional(),
  /**
   * How often "could not reach" is tolerated before giving up, as in @pulumi/command: 0 means one attempt, -1 as many as
   * fit into a minute. Rejected credentials and host keys are never tried again.
   */
  dialErrorLimit: z.number(LIMIT).refine(whole(-1, Infinity), LIMIT).default(4),
  /** Seconds that one attempt, from name resolution to login, may take. */
  perDialTimeout: z.number(SECONDS).positive(SECONDS).max(3600, SECONDS).default(20),
  /** The keys that the server may show, in any of HOST_KEY_FORMS; several as an array or as lines. */
  hostKey: z.union([z.string(), z.array(z.string())], `needs the server's key: ${HOST_KEY_FORMS}`),
};

/** Reports every problem of the pins at once with those of the other fields: they are text, or that is said already. */
function withHostKey<Fields extends z.ZodRawShape>(schema: z.ZodObject<Fields, z.core.$strict>) {
  const problems = (value: unknown) => {
    const { host, port, hostKey } = value as { host?: unknown; port?: unknown; hostKey: string | string[] };
    const pins = HostKeyPins.parse(hostKey, typeof host === "string" ? host : "", typeof port === "number" ? port : 22);
    return pins.problems;
  };
  return schema.refine((value) => problems(value).length === 0, {
    path: ["hostKey"],
    error: ({ input }) => problems(input).join("; "),
    when: ({ value }) => fields.hostKey.safeParse((value as { hostKey?: unknown } | undefined)?.hostKey).success,
  });
}

const Proxy = withHostKey(z.strictObject({ ...fields, host: host("the bastion's name or address") }));
const Connection = withHostKey(z.strictObject({ ...fields, proxy: asWritten(Proxy).optional() }));

/** Types are those of the fields: that a host may say more is for people, not for programs. */
function asWritten<Schema extends z.ZodType>(schema: Schema): z.ZodType<z.output<Schema>, z.input<Schema>> {
  return z.preprocess(withAddress, schema) as unknown as z.ZodType<z.output<Schema>, z.input<Schema>>;
}

/**
 * How to reach a server over SSH; the fields are named as in @pulumi/command's `remote.ConnectionArgs`, and `hostKey` is
 * mandatory for both hops. Issues never repeat a value, but carry it (`input`): print `path` and `message` alone.
 */
export const ConnectionArgs = asWritten(Connection);

export type ConnectionArgs = z.output<typeof ConnectionArgs>;
export type ConnectionArgsInput = z.input<typeof ConnectionArgs>;
