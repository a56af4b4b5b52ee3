import { randomUUID } from "node:crypto";
import type { AnyAuthMethod, ParsedKey } from "ssh2";
import { fingerprint } from "../naming/keyFingerprint";
import { type Agent, openAgent } from "./agent";
import type { Authentication, Hop } from "./credentials";
import { SshError } from "./SshError";

/**
 * How many keys are offered over one connection. From the fourth rejection on OpenSSH logs "Failed publickey" at its default
 * level (half of MaxAuthTries), and BOA's firewall counts those lines (docs/aegir.md#failed-logins).
 */
export const MAX_AGENT_KEYS = 3;

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

type AgentAuthentication = Extract<Authentication, { method: "agent" }>;

/** Finds the method for a hop. Asks the agent for its keys, but sends nothing to a server. */
export function authMethodOf(hop: Hop): Promise<AuthMethod> {
  return methodFor(hop, hop.authentication);
}

async function methodFor(hop: Hop, authentication: Authentication): Promise<AuthMethod> {
  const { user: username } = hop;
  switch (authentication.method) {
    case "privateKey": {
      const key = authentication.key();
      return {
        parameters: { type: "publickey", username, key },
        digest: fingerprint(key.getPublicSSH()),
        description: `the private key (${authentication.from})`,
        advice: "",
      };
    }
    case "password": {
      const password = authentication.password();
      return {
        parameters: { type: "password", username, password },
        digest: fingerprint(Buffer.from(password)),
        description: `the password (${authentication.from})`,
        advice: "",
      };
    }
    case "offer":
      return {
        parameters: { type: "agent", username, agent: authentication.agent },
        // Offered to learn whether it is accepted, each time that this is asked.
        digest: `offer ${randomUUID()}`,
        description: authentication.from,
        advice: "",
      };
    case "agent": {
      const agent = await openAgent(authentication.socketPath);
      const { identity } = authentication;
      const keys = agent.keys?.filter((key) => identity === undefined || fingerprintOf(key) === identity) ?? [];
      if (keys.length > 0) return agentMethod(username, authentication, agent, keys);
      const otherwise = authentication.otherwise();
      if (otherwise !== null) return methodFor(hop, otherwise);
      throw noUsableKey(hop, authentication, agent);
    }
  }
}

/** @param keys those of the agent's keys that may be used, best first */
function agentMethod(
  username: string,
  { from, otherwise }: AgentAuthentication,
  agent: Agent,
  keys: ParsedKey[],
): AuthMethod {
  const offered = keys.slice(0, MAX_AGENT_KEYS);
  const untried = otherwise();
  const advice = [
    offered.length < keys.length &&
      `only ${MAX_AGENT_KEYS} of its ${keys.length} keys were offered, because servers lock out clients that try more; name ` +
        "the right one as `identity` of the connection, by its fingerprint from `ssh-add -l`",
    withheldBy(agent),
    untried && `${untried.from} was not tried; unset SSH_AUTH_SOCK to use it`,
  ];
  return {
    parameters: { type: "agent", username, agent: agent.restrictedTo(offered) },
    digest: offered.map(fingerprintOf).join(" "),
    description: `${from} (${offered.length === 1 ? "one key" : `${offered.length} keys`})`,
    advice: advice.filter(Boolean).join("; "),
  };
}

function noUsableKey({ label }: Hop, { from, identity }: AgentAuthentication, agent: Agent): SshError {
  const { keys } = agent;
  const found =
    keys === null
      ? "does not answer"
      : keys.length === 0
        ? "holds no usable key"
        : `does not hold the key that \`identity\` names, ${identity} (it holds ${keys.map(fingerprintOf).join(", ")})`;
  const withheld = withheldBy(agent);
  return new SshError(
    "credentialsUnusable",
    label,
    "notDone",
    `${from} ${found}, and there are no other credentials${withheld && `; ${withheld}`}`,
    { effect: "No connection was made", advice: "Add the key with ssh-add, or give it in the environment" },
  );
}

function withheldBy({ certificates }: Agent): string {
  return certificates.length > 0 ? `it holds certificates, which cannot be offered (${certificates.join(", ")})` : "";
}

function fingerprintOf(key: ParsedKey): string {
  return fingerprint(key.getPublicSSH());
}
