import { z } from "zod";
import { readAddress } from "./address";
import { HOST_KEY_FORMS, HostKeyPins, identityFingerprint } from "./HostKey";

/** One word, without invisible characters. */
const word = (what: string) =>
  z
    .string(`needs ${what}`)
    .min(1, `needs ${what}`)
    .refine((text) => !/[\s\p{C}@]/u.test(text), `${what} must not contain spaces, @ or control characters`);

/** `withAddress` has moved the address's user and port to `user` and `port`, unless they contradict each other. */
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
  if (address.user !== undefined) return "contains a user that differs from `user`: write it in one of the two";
  if (address.port !== undefined) return "contains a port that differs from `port`: write it in one of the two";
  return undefined;
}

/** Moves a user and a port that `host` contains to `user` and `port`, unless these contradict it. */
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

/** The message for a secret of a wrong type: zod's own may repeat the value. */
const secret = (description: string) => z.string("must be a string").optional().meta({ description, secret: true });

/** zod's own int() would stop the check of the host key. */
const whole = (least: number, most: number) => (value: number) =>
  Number.isInteger(value) && value >= least && value <= most;

const IDENTITY =
  "must be the key's fingerprint, SHA256:... as `ssh-add -l` prints it, or the line of its .pub file, `ssh-ed25519 AAAA...`";
const LIMIT = "must be a whole number, -1 or more";
const PORT = "must be a port number, 1 to 65535";
const SECONDS = "must be a number of seconds, more than 0 and at most 3600";

const fields = {
  host: host("the server's name or address").meta({ description: "Name or address." }),
  port: z.number(PORT).refine(whole(1, 65535), PORT).default(22).meta({ description: "The port of SSH." }),
  user: word("the login's name").meta({ description: "The login." }),
  password: secret("The password of the login. Prefer a key."),
  privateKey: secret("The text of the private key, not a path."),
  privateKeyPassword: secret("The passphrase of the private key."),
  agentSocketPath: z
    .string("must be a path")
    .min(1, "must be a path")
    .optional()
    .meta({ description: "The socket of the SSH agent. The default is SSH_AUTH_SOCK of the environment." }),
  identity: z
    .string(IDENTITY)
    .refine((text) => identityFingerprint(text) !== undefined, IDENTITY)
    .optional()
    .meta({
      description:
        "The one key of the agent to offer: its fingerprint, or the line of its .pub file (as OpenSSH's IdentityFile names it).",
    }),
  dialErrorLimit: z
    .number(LIMIT)
    .refine(whole(-1, Infinity), LIMIT)
    .default(4)
    .meta({
      description:
        "How many failures to reach the server are tolerated, as in @pulumi/command: 0 means one attempt, -1 as many as fit " +
        "into a minute. Rejected credentials and host keys are never tried again.",
    }),
  perDialTimeout: z
    .number(SECONDS)
    .positive(SECONDS)
    .max(3600, SECONDS)
    .default(20)
    .meta({ description: "Seconds that one attempt, from name resolution to login, may take." }),
  hostKey: z.union([z.string(), z.array(z.string())], `needs the server's key: ${HOST_KEY_FORMS}`).meta({
    description: `The keys that the server may show, each as ${HOST_KEY_FORMS}. Several are an array, or lines.`,
  }),
};

/** Reports every problem of the pins together with those of the other fields, once their type is right. */
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

const Proxy = withHostKey(
  z.strictObject({
    ...fields,
    host: host("the bastion's name or address").meta({ description: "Name or address of the bastion." }),
  }),
).meta({ title: "Proxy" });
const Connection = withHostKey(
  z.strictObject({
    ...fields,
    proxy: asWritten(Proxy).optional().meta({ description: "A bastion, through which the server is reached." }),
  }),
).meta({ title: "Connection" });

/** The types stay those of the fields: a host with a user or port is for people, not for programs. */
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
