import type { BaseAgent, ParsedKey } from "ssh2";
import type { ConnectionArgs } from "./ConnectionArgs";
import { HostKeyPins, identityFingerprint } from "./HostKey";
import { readPrivateKey } from "./privateKey";
import { SshError } from "./SshError";

/**
 * The one method that will be tried, once. Secrets are behind functions, so that no inspection of a connection prints
 * them. `from` says where the credential was found, for messages.
 */
export type Authentication =
  | { method: "privateKey"; from: string; key: () => ParsedKey }
  | { method: "password"; from: string; password: () => string }
  /** `otherwise`: the credentials of the configuration, in case the agent does not answer or has no keys. */
  | {
      method: "agent";
      from: string;
      socketPath: string;
      /** Fingerprint of the one key to offer. */
      identity: string | undefined;
      otherwise: () => Authentication | null;
    }
  /** Only asks whether public keys would be accepted. */
  | { method: "offer"; from: string; agent: BaseAgent<ParsedKey> };

/** One server on the way, with everything that a login needs. */
export interface Hop {
  /** `user@host:port`. */
  label: string;
  host: string;
  port: number;
  user: string;
  pins: HostKeyPins;
  authentication: Authentication;
  /** Seconds. */
  perDialTimeout: number;
}

export interface ResolvedConnection extends Hop {
  dialErrorLimit: number;
  /** The bastion, if there is one. */
  proxy: Hop | null;
}

/** `user@host:port`, an IPv6 address in brackets. */
export function labelOf({ user, host, port }: { user: string; host: string; port: number }): string {
  return `${user}@${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/**
 * Finds the credentials of a connection: in the environment (`AEGIR_<NAME>_PRIVATE_KEY`, `..._PRIVATE_KEY_PASSWORD` and
 * `..._PASSWORD`, where NAME is `names` in capitals joined by `_`; for a single name then `AEGIR_PRIVATE_KEY` and so on),
 * else in an agent (`agentSocketPath`, SSH_AUTH_SOCK), else in the configuration. The bastion's names are those of the
 * connection and `proxy`. Reads keys, but connects to no server; throws an SshError `credentialsUnusable`.
 */
export function resolveConnection(
  args: ConnectionArgs,
  names: string[],
  environment: NodeJS.ProcessEnv = process.env,
): ResolvedConnection {
  return {
    ...resolveHop(args, names, environment),
    dialErrorLimit: args.dialErrorLimit,
    proxy: args.proxy ? resolveHop(args.proxy, [...names, "proxy"], environment) : null,
  };
}

/** The arguments of a hop: the server or a bastion. */
export type HopArgs = NonNullable<ConnectionArgs["proxy"]>;

export function resolveHop(args: HopArgs, names: string[], environment: NodeJS.ProcessEnv): Hop {
  const { host, port, user, perDialTimeout } = args;
  const label = labelOf(args);
  const { pins } = HostKeyPins.parse(args.hostKey, host, port);
  return {
    label,
    host,
    port,
    user,
    pins,
    perDialTimeout,
    authentication: authenticate(args, names, environment, label),
  };
}

function authenticate(args: HopArgs, names: string[], environment: NodeJS.ProcessEnv, label: string): Authentication {
  const prefixes = [["aegir", ...names], ...(names.length === 1 ? [["aegir"]] : [])].map((words) =>
    words.map((word) => word.toUpperCase().replace(/[^A-Z0-9]+/g, "_")).join("_"),
  );
  const passphrase =
    prefixes.map((prefix) => environment[`${prefix}_PRIVATE_KEY_PASSWORD`]).find(Boolean) ?? args.privateKeyPassword;
  const withKey = (text: string, from: string, giveIt: string): Authentication => {
    const key = privateKey({ text, passphrase: passphrase && withoutLineEnd(passphrase), from, label, giveIt });
    return { method: "privateKey", from, key: () => key };
  };
  const withPassword = (given: string, from: string): Authentication => {
    const password = withoutLineEnd(given);
    return { method: "password", from, password: () => password };
  };

  for (const prefix of prefixes) {
    const key = environment[`${prefix}_PRIVATE_KEY`];
    const password = environment[`${prefix}_PASSWORD`];
    if (key) {
      return withKey(
        key,
        `${prefix}_PRIVATE_KEY`,
        "put the content of the key's file into it, or the output of `base64 -w0 FILE`",
      );
    }
    if (password) {
      return withPassword(password, `${prefix}_PASSWORD`);
    }
  }
  const configured = () => {
    if (args.privateKey) {
      const set = `pulumi config set --path --secret '${configurationPath(names)}.privateKey' < FILE`;
      return withKey(args.privateKey, "privateKey of the configuration", `set it from its file: \`${set}\``);
    }
    return args.password ? withPassword(args.password, "password of the configuration") : null;
  };
  const identity = args.identity === undefined ? undefined : identityFingerprint(args.identity);
  if (args.agentSocketPath) {
    const from = "the agent at agentSocketPath";
    return { method: "agent", from, socketPath: args.agentSocketPath, identity, otherwise: () => null };
  }
  if (environment.SSH_AUTH_SOCK) {
    const from = "the agent at SSH_AUTH_SOCK";
    return { method: "agent", from, socketPath: environment.SSH_AUTH_SOCK, identity, otherwise: configured };
  }
  const found = configured();
  if (found === null) {
    const variables = prefixes.flatMap((prefix) => [`${prefix}_PRIVATE_KEY`, `${prefix}_PASSWORD`]).join(", ");
    throw new SshError(
      "credentialsUnusable",
      label,
      "notDone",
      `no credentials found. Looked in the environment (${variables}), for an agent (agentSocketPath, SSH_AUTH_SOCK) and ` +
        "in the configuration (privateKey, password)",
      {
        effect: "Nothing was sent",
        advice:
          "Note that destroy and refresh use the configuration of the last up, unless they run with --run-program; " +
          "environment variables always apply",
      },
    );
  }
  return found;
}

/** Reads a key. An error names where the key was found, and reveals nothing of it. */
function privateKey({ text, passphrase, from, label, giveIt }: GivenKey): ParsedKey {
  const key = readPrivateKey(text, passphrase, giveIt);
  if (typeof key !== "string") return key;
  throw new SshError("credentialsUnusable", label, "notDone", `${from} ${key}`, { effect: "No connection was made" });
}

interface GivenKey {
  text: string;
  passphrase: string | undefined;
  /** Where it was found. */
  from: string;
  label: string;
  /** How to provide it there, as a clause. */
  giveIt: string;
}

/** A secret that was typed has no line end; a file or a CI variable often adds one. */
function withoutLineEnd(secret: string): string {
  return secret.replace(/\r?\n$/, "");
}

/** The connection's path in the configuration; `names` as in `resolveConnection`. */
function configurationPath([server, ...rest]: string[]): string {
  const accounts = rest.includes("accounts") ? ".accounts" : "";
  const proxy = rest.includes("proxy") ? ".proxy" : "";
  return `aegir:servers.${server}${accounts}.connection${proxy}`;
}
