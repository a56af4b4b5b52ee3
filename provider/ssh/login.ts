import type { Duplex } from "node:stream";
import type { Algorithms, AuthenticationType } from "ssh2";
import { Client } from "ssh2";
import { fingerprint, typeOf } from "../naming/keyFingerprint";
import { Excerpt } from "../text/Excerpt";
import { printable } from "../text/printable";
import type { AuthMethod } from "./AuthMethod";
import type { Hop } from "./credentials";
import type { HostKeyVerdict } from "./HostKey";
import {
  type Answer,
  type Failure,
  hostKeyRejected,
  notAgreed,
  notConnected,
  notGreeted,
  notLoggedIn,
  type Phase,
  tooSlow,
} from "./loginFailure";

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
    const failWith = (error: Failure) => {
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

/** Whether the server accepts this method; true if it did not list its methods. */
function accepts(methods: string[], { parameters }: AuthMethod): boolean {
  return methods.length === 0 || methods.includes(parameters.type === "agent" ? "publickey" : parameters.type);
}
