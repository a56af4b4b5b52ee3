import { BaseAgent, createAgent, utils } from "ssh2";
import type { AnyAuthMethod, IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from "ssh2";
import type { Authentication, Hop } from "./credentials";
import { fingerprint } from "./HostKey";
import { SshError } from "./SshError";

/**
 * How many keys of an agent are offered. From the fourth rejection on OpenSSH logs "Failed publickey" at its default
 * level (auth.c, auth_log: half of MaxAuthTries), and BOA's firewall counts those lines (contract 5.4).
 */
const MAX_AGENT_KEYS = 3;
const AGENT_MILLISECONDS = 10_000;

/** What a server is offered, once. */
export interface Offer {
  method: AnyAuthMethod;
  /** Tells it from other offers, and nothing of a secret. */
  digest: string;
  /** What it is and where it was found, for messages. */
  description: string;
  /** What to try if it is rejected, for messages; may be empty. */
  advice: string;
}

/** Makes the offer of a hop; asks the agent for its keys, but sends nothing to any server. */
export function offerOf(hop: Hop): Promise<Offer> {
  return offer(hop, hop.authentication);
}

async function offer(hop: Hop, authentication: Authentication): Promise<Offer> {
  const { user: username } = hop;
  const { from } = authentication;
  if (authentication.method === "privateKey") {
    const key = authentication.key();
    return {
      method: { type: "publickey", username, key },
      digest: fingerprint(key.getPublicSSH()),
      description: `the private key (${from})`,
      advice: "",
    };
  }
  if (authentication.method === "password") {
    const password = authentication.password();
    return {
      method: { type: "password", username, password },
      digest: fingerprint(Buffer.from(password)),
      description: `the password (${from})`,
      advice: "",
    };
  }
  const agent = createAgent(authentication.socketPath);
  const keys = await identities(agent);
  const otherwise = authentication.otherwise();
  if (keys !== null && keys.length > 0) {
    const offered = keys.slice(0, MAX_AGENT_KEYS);
    const advice = [
      offered.length < keys.length &&
        `only ${MAX_AGENT_KEYS} of its ${keys.length} keys were offered, because servers lock out who tries more`,
      otherwise && `${otherwise.from} was not tried; unset SSH_AUTH_SOCK to use it`,
    ];
    return {
      method: { type: "agent", username, agent: new OfferedKeys(agent, offered) },
      digest: offered.map((key) => fingerprint(key.getPublicSSH())).join(" "),
      description: `${from} (${offered.length === 1 ? "one key" : `${offered.length} keys`})`,
      advice: advice.filter(Boolean).join("; "),
    };
  }
  if (otherwise !== null) {
    return offer(hop, otherwise);
  }
  throw new SshError(
    "credentialsUnusable",
    hop.label,
    "notDone",
    `${from} ${keys === null ? "does not answer" : "holds no usable key"}, and there are no other ` + "credentials",
    { effect: "No connection was made", advice: "Add the key with ssh-add, or give it in the environment" },
  );
}

/** The keys that an agent holds, null if it cannot be asked. */
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

class OfferedKeys extends BaseAgent<ParsedKey> {
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
