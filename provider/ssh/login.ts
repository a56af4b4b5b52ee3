import type { Duplex } from "node:stream";
import { Client } from "ssh2";
import type { Algorithms, AuthenticationType } from "ssh2";
import type { Hop } from "./credentials";
import { Excerpt } from "../text/Excerpt";
import { fingerprint, typeOf, type HostKeyVerdict } from "./HostKey";
import type { AuthMethod } from "./AuthMethod";
import { printable } from "../text/printable";
import { HostKeyRejected, SshError } from "./SshError";

/** No SHA-1, no CBC, no compression; without ChaCha20, Terrapin (CVE-2023-48795) has nothing to attack. */
const algorithms: Algorithms = {
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group14-sha256",
  ],
  cipher: ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"],
  hmac: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"],
  compress: ["none"],
};

/** A server could not be reached; nothing but a greeting was sent to it. `retries`: how often to try again, at most. */
export class CouldNotReach extends Error {
  constructor(
    readonly hop: Hop,
    readonly reason: string,
    readonly retries: number,
  ) {
    super(reason);
  }
}

/** The server at the end of a hop. */
export interface Peer {
  /** `user@host:port` */
  label: string;
  /** The fingerprint of its host key, `SHA256:...`. */
  fingerprint: string;
  /** The type of its host key, for example `ssh-ed25519`. */
  type: string;
  /** What its greeting says it is, for example `OpenSSH_9.2p1 Debian-2+deb12u3`; printable. */
  software: string;
  /** The ways to log in that it accepts, for example `publickey`; printable. Empty if it did not list them. */
  methods: string[];
}

/** How a server answered the last attempt of a login that it rejected. */
interface Answer {
  /** Whether credentials were sent; if not, only the methods were asked for. */
  offered: boolean;
  /** The ways that remain; printable. */
  methods: string[];
  /** The credentials were accepted, and are not enough. */
  partial: boolean;
}

type Phase = "connecting" | "greeting" | "keyExchange" | "authentication";

/**
 * One handshake and one login over a stream that is connected or connecting. Rejects with a CouldNotReach or an SshError;
 * the caller destroys the stream then.
 */
export function login(
  hop: Hop,
  method: AuthMethod,
  transport: Duplex,
  milliseconds: number,
): Promise<{ client: Client; peer: Peer }> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    const greeting = new Excerpt();
    let methods: string[] | null = null;
    let phase: Phase = "connecting";
    let verdict: HostKeyVerdict | null = null;
    let shown: { fingerprint: string; type: string } | null = null;
    let answer: Answer | null = null;
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    const failWith = (error: Partial<NodeJS.ErrnoException> & { level?: string }) => {
      if (verdict !== null && !verdict.accepted) {
        return fail(hostKeyRejected(hop, verdict));
      }
      switch (phase) {
        case "connecting":
          return fail(notConnected(hop, error));
        case "greeting":
          return fail(notGreeted(hop, greeting));
        case "keyExchange":
          return fail(notAgreed(hop, error));
        case "authentication":
          // Otherwise ssh2 would continue with the agent's next key.
          if (error.level === "agent") client.end();
          return fail(notLoggedIn(hop, method, error, answer));
      }
    };
    const timer = setTimeout(() => fail(tooSlow(hop, phase, milliseconds)), milliseconds);
    // ssh2 reports a lost connection as an error, an end or a close; the first of them is the most precise.
    client.on("error", failWith);
    client.on("close", () => failWith({ message: "the connection was closed" }));
    client.on("connect", () => (phase = "greeting"));
    client.on("handshake", () => (phase = "authentication"));
    client.on("change password", () => failWith({ message: "the password has expired and must be changed" }));
    client.on("ready", () => {
      clearTimeout(timer);
      const [, software = ""] = /(?:^|\\n)SSH-[\d.]+-(.*?)(?:\\r|\\n|$)/.exec(greeting.text(4096)) ?? [];
      resolve({ client, peer: { label: hop.label, ...shown!, software, methods: methods ?? [] } });
    });
    try {
      client.connect({
        sock: transport,
        username: hop.user,
        readyTimeout: 0,
        algorithms: { ...algorithms, serverHostKey: hop.pins.algorithms },
        hostVerifier: (key: Buffer) => {
          shown = { fingerprint: fingerprint(key), type: typeOf(key) };
          verdict = hop.pins.verify(key);
          return verdict.accepted;
        },
        // Without this handler, ssh2 would continue after a rejection.
        authHandler: (remaining: AuthenticationType[] | null, partial: boolean | null, next) => {
          // The first call is before any attempt. As OpenSSH's client does, ask for the methods first (RFC 4252, 5.2): that
          // does not count as a failed attempt (auth2.c), and credentials that the server cannot take are not sent.
          if (remaining === null) return next({ type: "none", username: hop.user });
          const names = remaining.map((name) => printable(name, 40));
          const asked = methods === null;
          methods ??= names;
          if (asked && accepts(names, method)) return next(method.parameters);
          answer = {
            offered: !asked,
            partial: partial ?? false,
            methods: names,
          };
          // The declared type lacks ssh2's word for "no more methods".
          next(false as never);
        },
      });
    } catch (error) {
      return failWith(error as Error);
    }
    // Attached after connect(), which pauses the stream: ssh2 must not miss a byte.
    const listen = (chunk: Buffer) => {
      greeting.push(chunk);
      if (/(^|\\n)SSH-(2\.0|1\.99)-/.test(greeting.text(4096))) {
        phase = phase === "greeting" ? "keyExchange" : phase;
        transport.off("data", listen);
      }
    };
    transport.on("data", listen);
  });
}

function hostKeyRejected(hop: Hop, { seen, type, why }: Exclude<HostKeyVerdict, { accepted: true }>): HostKeyRejected {
  const shown = `the server shows the ${printable(type, 40)} key ${seen}`;
  const pinned = `pinned ${hop.pins.fingerprints.length === 1 ? "is" : "are"} ${hop.pins.toString()}`;
  const message = {
    changed: `HOST KEY CHANGED: ${shown}, ${pinned}. An attacker may be intercepting the connection, or the server was reinstalled`,
    unknown: `unknown host key: ${shown}, ${pinned}`,
    revoked: `revoked host key: ${shown}, which hostKey marks as @revoked`,
  }[why];
  const says =
    why === "revoked"
      ? { effect: "Nothing was sent to it" }
      : {
          effect: "Nothing was sent to it, no password was offered",
          advice:
            "Compare it with the output of `ssh-keygen -lf` for the key files in /etc/ssh on the server itself. If they " +
            `match, add it to the connection's hostKey: "${seen}"`,
        };
  return new HostKeyRejected(hop.label, seen, hop.pins.fingerprints, message, says, type);
}

function notConnected(hop: Hop, { code, message }: Partial<NodeJS.ErrnoException>): CouldNotReach {
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return new CouldNotReach(hop, `the name ${hop.host} cannot be resolved (DNS: ${code})`, 1);
  }
  if (code === "ECONNREFUSED") {
    return new CouldNotReach(hop, `nothing listens on port ${hop.port} (${code})`, Infinity);
  }
  return new CouldNotReach(hop, code ?? printable(message ?? ""), Infinity);
}

function notGreeted(hop: Hop, greeting: Excerpt): CouldNotReach | SshError {
  const text = greeting.text(300);
  // OpenSSH prints this before it drops a connection, since 8.x; older versions just close it.
  if (greeting.bytes === 0 || /^Exceeded MaxStartups/.test(text)) {
    const busy = "the server closed the connection before its greeting (too many logins at once? see MaxStartups)";
    return new CouldNotReach(hop, busy, Infinity);
  }
  if (/^Not allowed at this time/.test(text)) {
    return new SshError(
      "refusedByServer",
      hop.label,
      "notDone",
      "the server refuses connections from this address for a while, because logins from here have failed " +
        "(PerSourcePenalties in its sshd_config)",
      { effect: "Nothing was sent" },
    );
  }
  return new CouldNotReach(hop, `what answers is not an SSH server: "${text}"`, 0);
}

function notAgreed(hop: Hop, error: Partial<NodeJS.ErrnoException>): CouldNotReach | SshError {
  const message = printable(error.message ?? "");
  if (/no matching host key format/.test(message)) {
    return new HostKeyRejected(
      hop.label,
      null,
      hop.pins.fingerprints,
      `the server has no host key of a type that is pinned or strong enough; pinned: ${hop.pins.toString()}`,
      {
        effect: "Nothing was sent to it",
        advice: "Compare the keys that `ssh-keyscan` lists with the key files in /etc/ssh on the server itself",
      },
    );
  }
  if (/signature|host key/i.test(message)) {
    const why = `the server could not prove that it owns its host key (${message})`;
    return new HostKeyRejected(hop.label, null, hop.pins.fingerprints, why, { effect: "Nothing was sent to it" });
  }
  if (/Handshake failed/.test(message)) {
    return new SshError(
      "refusedByServer",
      hop.label,
      "notDone",
      `no secure algorithm in common with the server (${message}), whose OpenSSH is too old or restricted`,
      { effect: "Nothing was sent" },
    );
  }
  return new CouldNotReach(hop, `the connection broke during the key exchange: ${message}`, 0);
}

function notLoggedIn(
  hop: Hop,
  method: AuthMethod,
  error: Partial<NodeJS.ErrnoException> & { level?: string },
  answer: Answer | null,
): SshError {
  const message = printable(error.message ?? "");
  if (error.level === "agent") {
    const why = `${method.description} did not sign: ${message}`;
    return new SshError("credentialsUnusable", hop.label, "notDone", why);
  }
  const methods = answer?.methods.join(", ");
  if (answer && !answer.offered) {
    const what = `the server accepts only ${methods} from the user ${hop.user}, but the connection has ${method.description}`;
    return new SshError("authenticationRejected", hop.label, "notDone", what, { effect: "No credentials were sent" });
  }
  const what =
    error.level !== "client-authentication"
      ? `the server broke off the login with ${method.description}: ${message}`
      : answer?.partial
        ? `the server accepted ${method.description} but asks for a second factor (${methods}), which is not supported`
        : `the server rejected ${method.description} of the user ${hop.user}` +
          (methods ? `; it accepts: ${methods}` : "") +
          (method.advice ? `; ${method.advice}` : "");
  return new SshError("authenticationRejected", hop.label, "notDone", what, {
    effect: "Tried only once, because servers lock out clients that keep trying. Nothing was done",
  });
}

/** Whether the server accepts this method; true if it did not list its methods. */
function accepts(methods: string[], { parameters }: AuthMethod): boolean {
  return methods.length === 0 || methods.includes(parameters.type === "agent" ? "publickey" : parameters.type);
}

function tooSlow(hop: Hop, phase: Phase, milliseconds: number): CouldNotReach | SshError {
  const within = `within ${milliseconds / 1000} s`;
  switch (phase) {
    case "connecting":
      return new CouldNotReach(hop, `no connection ${within}, perhaps because of a firewall`, Infinity);
    case "greeting":
      return new CouldNotReach(hop, `it accepted the connection but sent no SSH greeting ${within}`, Infinity);
    case "keyExchange":
    case "authentication": {
      const step = phase === "keyExchange" ? "the key exchange" : "the login";
      const message = `${step} was not complete ${within} (perDialTimeout)`;
      return new SshError("deadlineExceeded", hop.label, "notDone", message);
    }
  }
}
