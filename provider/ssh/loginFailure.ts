/** What a login that failed means, by how far it came. */
import type { Excerpt } from "../text/Excerpt";
import { printable } from "../text/printable";
import type { AuthMethod } from "./AuthMethod";
import type { Hop } from "./credentials";
import type { HostKeyVerdict } from "./HostKey";
import { HostKeyRejected, LoginRejected, SshError } from "./SshError";

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

/** How a server answered the last attempt of a login that it rejected. */
export interface Answer {
  /** Whether credentials were sent; if not, only the methods were asked for. */
  offered: boolean;
  /** The ways that remain; printable. */
  methods: string[];
  /** The credentials were accepted, and are not enough. */
  partial: boolean;
}

/** How far a login has come. */
export type Phase = "connecting" | "greeting" | "keyExchange" | "authentication";

/** What ssh2 says of a connection that has failed. */
export type Failure = Partial<NodeJS.ErrnoException> & { level?: string };

export function hostKeyRejected(
  hop: Hop,
  { seen, type, why }: Exclude<HostKeyVerdict, { accepted: true }>,
): HostKeyRejected {
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

export function notConnected(hop: Hop, { code, message }: Failure): CouldNotReach {
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return new CouldNotReach(hop, `the name ${hop.host} cannot be resolved (DNS: ${code})`, 1);
  }
  if (code === "ECONNREFUSED") {
    return new CouldNotReach(hop, `nothing listens on port ${hop.port} (${code})`, Infinity);
  }
  return new CouldNotReach(hop, code ?? printable(message ?? ""), Infinity);
}

export function notGreeted(hop: Hop, greeting: Excerpt): CouldNotReach | SshError {
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

export function notAgreed(hop: Hop, error: Failure): CouldNotReach | SshError {
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

export function notLoggedIn(hop: Hop, method: AuthMethod, error: Failure, answer: Answer | null): SshError {
  const message = printable(error.message ?? "");
  if (error.level === "agent") {
    const why = `${method.description} did not sign: ${message}`;
    return new SshError("credentialsUnusable", hop.label, "notDone", why);
  }
  const methods = answer?.methods.join(", ");
  if (answer && !answer.offered) {
    const what = `the server accepts only ${methods} from the user ${hop.user}, but the connection has ${method.description}`;
    return new LoginRejected(hop.label, what, { effect: "No credentials were sent" });
  }
  const what =
    error.level !== "client-authentication"
      ? `the server broke off the login with ${method.description}: ${message}`
      : answer?.partial
        ? `the server accepted ${method.description} but asks for a second factor (${methods}), which is not supported`
        : `the server rejected ${method.description} of the user ${hop.user}` +
          (methods ? `; it accepts: ${methods}` : "") +
          (method.advice ? `; ${method.advice}` : "");
  const says = { effect: "Tried only once, because servers lock out clients that keep trying. Nothing was done" };
  return error.level === "client-authentication" && !answer?.partial
    ? new LoginRejected(hop.label, what, says)
    : new SshError("authenticationRejected", hop.label, "notDone", what, says);
}

export function tooSlow(hop: Hop, phase: Phase, milliseconds: number): CouldNotReach | SshError {
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
