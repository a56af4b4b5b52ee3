import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { printable } from "../text/printable";
import { type AuthMethod, authMethodOf } from "./AuthMethod";
import { isCancelled, pause } from "./cancellation";
import type { Hop, ResolvedConnection } from "./credentials";
import { login } from "./login";
import { CouldNotReach } from "./loginFailure";
import { loginOnce } from "./loginOnce";
import { SshError } from "./SshError";
import { SshTransport } from "./SshTransport";
import type { Timings } from "./Timings";

/**
 * Connects and logs in, through the bastion if there is one. Only a server that could not be reached is tried
 * again: it refused the connection, was silent, or closed it before its greeting. Rejected credentials and host keys are
 * never tried again.
 */
export async function dial(connection: ResolvedConnection, timings: Timings): Promise<SshTransport> {
  const tolerated = connection.dialErrorLimit === -1 ? Infinity : connection.dialErrorLimit;
  const began = performance.now();
  const until = began + timings.connectSeconds * 1000;
  for (let failures = 1; ; failures++) {
    try {
      return await dialOnce(connection, until, timings);
    } catch (error) {
      if (!(error instanceof CouldNotReach)) {
        throw error;
      }
      const wait = timings.retryPauseSeconds * 1000 * 2 ** (failures - 1) * (1 - Math.random() / 2);
      if (failures > Math.min(tolerated, error.retries) || performance.now() + wait >= until || isCancelled()) {
        const tries =
          failures === 1
            ? "one attempt"
            : `${failures} attempts in ${Math.round((performance.now() - began) / 1000)} s`;
        throw new SshError(
          "unreachable",
          error.hop.label,
          "notDone",
          `could not be reached${whichHop(connection, error.hop)}: ${error.reason} (${tries})`,
        );
      }
      await pause(wait / 1000);
    }
  }
}

function whichHop({ proxy, label }: ResolvedConnection, hop: Hop): string {
  if (proxy === null) {
    return "";
  }
  return hop.label === proxy.label
    ? `, the bastion on the way to ${label}`
    : ` through the bastion ${proxy.label}, which was reached`;
}

async function dialOnce(connection: ResolvedConnection, until: number, timings: Timings): Promise<SshTransport> {
  const { proxy, label } = connection;
  const time = (hop: Hop) => Math.max(Math.min(hop.perDialTimeout * 1000, until - performance.now()), 1);
  // Both before anything is sent: without credentials for the server there is no point in logging in at the bastion.
  const method = await authMethodOf(connection);
  const proxyMethod = proxy && (await authMethodOf(proxy));
  const first = proxy ?? connection;
  const entry = await loginOnce(first, proxyMethod ?? method, () => enter(first, proxyMethod ?? method, time(first)));
  const { socket } = entry;
  if (proxy === null) {
    return new SshTransport(label, entry.client, socket, null, socket, timings, [entry.peer]);
  }
  try {
    const { transport, client, peer } = await Promise.race([
      lossOf(entry.client, proxy),
      loginOnce(connection, method, async () => {
        const transport = await forward(entry.client, proxy, connection, time(connection));
        return { transport, ...(await login(connection, method, transport, time(connection))) };
      }),
    ]);
    const way = { label: proxy.label, client: entry.client };
    return new SshTransport(label, client, transport, way, socket, timings, [entry.peer, peer]);
  } catch (error) {
    close(socket);
    throw error;
  }
}

/** Logs in at the server that this machine connects to directly. */
async function enter(hop: Hop, method: AuthMethod, milliseconds: number) {
  const socket = connect({ host: hop.host, port: hop.port, noDelay: true });
  // Without a listener, a late error would end the process.
  socket.on("error", () => undefined);
  try {
    return { socket, ...(await login(hop, method, socket, milliseconds)) };
  } catch (error) {
    close(socket);
    throw error;
  }
}

function close(socket: Socket): void {
  socket.unref();
  socket.destroySoon();
}

/** Rejects as soon as the bastion is lost, before its channels notice and the loss is blamed on the server behind it. */
function lossOf(bastion: Client, hop: Hop): Promise<never> {
  return new Promise((_, reject) => {
    const lost = (why: string) => reject(new CouldNotReach(hop, why, 0));
    bastion.on("error", (error) => lost(`the connection broke: ${printable(error.message)}`));
    bastion.on("end", () => lost("it closed the connection"));
    bastion.on("close", () => lost("it closed the connection"));
  });
}

/** Asks the bastion to connect to the server. */
function forward(bastion: Client, proxy: Hop, target: Hop, milliseconds: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new CouldNotReach(target, `no connection within ${milliseconds / 1000} s`, Infinity)),
      milliseconds,
    );
    bastion.forwardOut("127.0.0.1", 0, target.host, target.port, (error, channel) => {
      clearTimeout(timer);
      if (error === undefined) {
        return resolve(channel);
      }
      // RFC 4254, 5.1: 1 is "administratively prohibited".
      if ((error as { reason?: unknown }).reason === 1) {
        const why = `the bastion does not allow forwarding to ${target.host}:${target.port} (AllowTcpForwarding, PermitOpen)`;
        return reject(new SshError("refusedByServer", proxy.label, "notDone", why));
      }
      reject(new CouldNotReach(target, printable(error.message), Infinity));
    });
  });
}
