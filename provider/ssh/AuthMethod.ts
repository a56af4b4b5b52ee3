import { connect } from "node:net";
import { BaseAgent, createAgent, utils } from "ssh2";
import type { AnyAuthMethod, IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from "ssh2";
import type { Authentication, Hop } from "./credentials";
import { fingerprint } from "./HostKey";
import { printable } from "../text/printable";
import { SshError } from "./SshError";

/**
 * How many keys of an agent are offered. From the fourth rejection on OpenSSH logs "Failed publickey" at its default
 * level (half of MaxAuthTries), and BOA's firewall counts those lines (docs/aegir.md#failed-logins).
 */
const MAX_AGENT_KEYS = 3;
const AGENT_MILLISECONDS = 10_000;

/** A way to log in, with its credentials. A server is offered one of them, once. */
export interface AuthMethod {
  /** What ssh2 needs for it. */
  parameters: AnyAuthMethod;
  /** Identifies the credentials without revealing them. */
  digest: string;
  /** What it is and where it was found, for messages. */
  description: string;
  /** What to try if it is rejected, for messages; may be empty. */
  advice: string;
}

/** Finds the method for a hop. Asks the agent for its keys, but sends nothing to a server. */
export function authMethodOf(hop: Hop): Promise<AuthMethod> {
  return methodFor(hop, hop.authentication);
}

async function methodFor(hop: Hop, authentication: Authentication): Promise<AuthMethod> {
  const { user: username } = hop;
  const { from } = authentication;
  if (authentication.method === "privateKey") {
    const key = authentication.key();
    return {
      parameters: { type: "publickey", username, key },
      digest: fingerprint(key.getPublicSSH()),
      description: `the private key (${from})`,
      advice: "",
    };
  }
  if (authentication.method === "password") {
    const password = authentication.password();
    return {
      parameters: { type: "password", username, password },
      digest: fingerprint(Buffer.from(password)),
      description: `the password (${from})`,
      advice: "",
    };
  }
  const agent = createAgent(authentication.socketPath);
  const [keys, certificates] = await Promise.all([identities(agent), certificatesOf(authentication.socketPath)]);
  const { identity } = authentication;
  const chosen = keys?.filter((key) => identity === undefined || fingerprint(key.getPublicSSH()) === identity) ?? [];
  const otherwise = authentication.otherwise();
  const withheld =
    certificates.length > 0 ? `it holds certificates, which cannot be offered (${certificates.join(", ")})` : "";
  if (chosen.length > 0) {
    const offered = chosen.slice(0, MAX_AGENT_KEYS);
    const advice = [
      offered.length < chosen.length &&
        `only ${MAX_AGENT_KEYS} of its ${chosen.length} keys were offered, because servers lock out clients that try more; name ` +
          "the right one as `identity` of the connection, by its fingerprint from `ssh-add -l`",
      withheld,
      otherwise && `${otherwise.from} was not tried; unset SSH_AUTH_SOCK to use it`,
    ];
    return {
      parameters: { type: "agent", username, agent: new RestrictedAgent(agent, offered) },
      digest: offered.map((key) => fingerprint(key.getPublicSSH())).join(" "),
      description: `${from} (${offered.length === 1 ? "one key" : `${offered.length} keys`})`,
      advice: advice.filter(Boolean).join("; "),
    };
  }
  if (otherwise !== null) {
    return methodFor(hop, otherwise);
  }
  const found =
    keys === null
      ? "does not answer"
      : keys.length === 0
        ? "holds no usable key"
        : `does not hold the key that \`identity\` names, ${identity} (it holds ` +
          `${keys.map((key) => fingerprint(key.getPublicSSH())).join(", ")})`;
  throw new SshError(
    "credentialsUnusable",
    hop.label,
    "notDone",
    `${from} ${found}, and there are no other credentials${withheld && `; ${withheld}`}`,
    { effect: "No connection was made", advice: "Add the key with ssh-add, or give it in the environment" },
  );
}

/** The keys that an agent holds; null if it does not answer. */
function identities(agent: BaseAgent): Promise<ParsedKey[] | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), AGENT_MILLISECONDS);
    agent.getIdentities((error, keys) => {
      clearTimeout(timer);
      const parsed = keys?.map((key) => utils.parseKey(key as ParsedKey)) ?? [];
      resolve(error ? null : parsed.filter((key): key is ParsedKey => !(key instanceof Error)));
    });
  });
}

/**
 * The types of the certificates that an agent holds, which ssh2 silently leaves out. Empty if the agent does not answer in
 * OpenSSH's protocol: then messages do not mention certificates. The request and the answer: draft-miller-ssh-agent, 4.4.
 */
function certificatesOf(socketPath: string): Promise<string[]> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let answer = Buffer.alloc(0);
    const end = (types: string[]): void => {
      socket.destroy();
      resolve(types);
    };
    socket.setTimeout(AGENT_MILLISECONDS, () => end([]));
    socket.on("error", () => end([]));
    socket.on("end", () => end([]));
    socket.on("connect", () => socket.write(Buffer.from([0, 0, 0, 1, 11])));
    socket.on("data", (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length >= 4 && answer.length >= 4 + answer.readUInt32BE(0)) end(certificateTypes(answer.subarray(4)));
    });
  });
}

function certificateTypes(answer: Buffer): string[] {
  const types: string[] = [];
  try {
    let at = 5;
    const field = (): Buffer => {
      const length = answer.readUInt32BE(at);
      at += 4 + length;
      return answer.subarray(at - length, at);
    };
    for (let keys = answer.readUInt32BE(1); keys > 0; keys--) {
      const key = field();
      field();
      const type = key.subarray(4, 4 + key.readUInt32BE(0)).toString("latin1");
      if (/-cert-v\d+@openssh\.com$/.test(type)) types.push(printable(type, 60));
    }
  } catch (error) {
    // Cut off, or not a list: keep what could be read.
    if (!(error instanceof RangeError)) throw error;
  }
  return types;
}

class RestrictedAgent extends BaseAgent<ParsedKey> {
  constructor(
    private readonly agent: BaseAgent,
    private readonly keys: ParsedKey[],
  ) {
    super();
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(undefined, this.keys);
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    this.agent.sign(key, data, options as SigningRequestOptions, done);
  }
}
