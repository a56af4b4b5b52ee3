import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { printable } from "../text/printable";
import type { Peer } from "./login";
import { SshError } from "./SshError";
import type { Timings } from "./Timings";

/** Below OpenSSH's MaxSessions of 10 per connection, with room for sessions that the server has not cleaned up yet. */
const MAX_CHANNELS = 7;

/** A channel that was opened. */
export interface Opened<Channel> {
  channel: Channel;
  /** Call it once the channel is closed: gives its place to the next one. */
  free: () => void;
}

/** An authenticated connection to one server, possibly through a bastion, while it lives. */
export class SshTransport {
  /** Why it was lost; null while it lives. */
  lost: string | null = null;
  readonly #onLost = new Set<(reason: string) => void>();
  readonly #keepalive: NodeJS.Timeout;
  #silentIntervals = 0;
  #chunksHeard = 0;
  #taken = 0;
  #waiting: (() => void)[] = [];

  constructor(
    readonly label: string,
    private readonly client: Client,
    /** What `client` reads from: the socket, or a channel of the bastion's connection. */
    stream: Duplex,
    private readonly bastion: { label: string; client: Client } | null,
    /** The one socket underneath. */
    private readonly socket: Socket,
    private readonly timings: Timings,
    /** The servers on the way: the bastion, if there is one, and the server itself. */
    readonly peers: readonly Peer[],
  ) {
    if (bastion !== null) {
      this.#watch(bastion.client, `the bastion ${bastion.label}`);
    }
    this.#watch(client, "the server");
    stream.on("data", () => {
      this.#silentIntervals = 0;
      this.#chunksHeard++;
    });
    this.#keepalive = setInterval(() => this.#probe(), timings.keepaliveSeconds * 1000).unref();
    // Every wait has a deadline, whose timer keeps the process alive; an idle connection must not.
    socket.unref();
  }

  #watch(client: Client, who: string): void {
    client.on("error", (error) => this.#lose(`${who} broke off the connection: ${printable(error.message)}`));
    client.on("end", () => this.#lose(`${who} closed the connection`));
    client.on("close", () => this.#lose(`${who} closed the connection`));
  }

  /**
   * ssh2's own keepalive uses a timer that keeps the process alive. Cancelling a forwarding that was never requested is
   * the only request of its public interface that every server answers (with a failure) and that changes nothing.
   */
  #probe(): void {
    if (++this.#silentIntervals >= this.timings.keepaliveIntervals) {
      const seconds = this.timings.keepaliveSeconds * this.timings.keepaliveIntervals;
      return this.#lose(`the connection is dead: nothing was received for ${seconds} s`);
    }
    try {
      this.client.unforwardIn("", 0, () => (this.#silentIntervals = 0));
    } catch {
      this.#lose("the connection is closed");
    }
  }

  #lose(reason: string): void {
    if (this.#finish(reason)) {
      this.socket.destroy();
    }
  }

  /** Closes the connection cleanly; operations in progress fail. */
  end(): void {
    if (this.#finish("this side closed the connection")) {
      this.client.end();
      this.bastion?.client.end();
      this.socket.destroySoon();
    }
  }

  #finish(reason: string): boolean {
    if (this.lost !== null) {
      return false;
    }
    this.lost = reason;
    clearInterval(this.#keepalive);
    for (const listener of this.#onLost) {
      listener(reason);
    }
    this.#onLost.clear();
    this.#wake();
    return true;
  }

  /** Calls back when the transport is lost, at once if it is lost already; the result removes the listener. */
  onLost(listener: (reason: string) => void): () => void {
    if (this.lost !== null) {
      listener(this.lost);
    } else {
      this.#onLost.add(listener);
    }
    return () => this.#onLost.delete(listener);
  }

  /**
   * Opens a channel when there is room for it. One that the server refuses (MaxSessions) is requested again when another
   * of ours is closed, and after a growing pause: OpenSSH counts a session until its process has ended. An SshError is
   * `notSent` if the server was not sent what the channel is for.
   */
  async open<Channel>(
    what: string,
    request: (client: Client, done: (error: Error | undefined, channel: Channel) => void) => void,
  ): Promise<Opened<Channel>> {
    const until = performance.now() + this.timings.channelSeconds * 1000;
    for (let refusals = 0; ; refusals++) {
      await this.#take(what, until, refusals > 0);
      try {
        return { channel: await this.#request(what, request), free: once(() => this.#free()) };
      } catch (error) {
        this.#free();
        if (!(error instanceof ChannelRefused)) {
          throw error;
        }
        await this.#pause(Math.min(100 * 2 ** refusals, 1000));
      }
    }
  }

  /** Waits for a place and takes it, in one step once there is one. */
  async #take(what: string, until: number, refused: boolean): Promise<void> {
    while (this.lost === null && this.#taken >= MAX_CHANNELS && performance.now() < until) {
      await this.#pause(until - performance.now());
    }
    if (this.lost !== null) {
      throw new SshError("sessionBroken", this.label, "notSent", `${this.lost}, before ${what} was requested`);
    }
    if (performance.now() >= until) {
      const why = refused
        ? "the server refuses further channels on this connection (MaxSessions in its sshd_config)"
        : `all ${MAX_CHANNELS} channels of this connection are in use`;
      const reason = `${why}; waited ${this.timings.channelSeconds} s for one for ${what}`;
      throw new SshError("refusedByServer", this.label, "notSent", reason);
    }
    this.#taken++;
  }

  #request<Channel>(
    what: string,
    request: (client: Client, done: (error: Error | undefined, channel: Channel) => void) => void,
  ): Promise<Channel> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        stopWaiting();
        reject(error);
      };
      const timer = setTimeout(() => {
        const reason = `the server did not answer the request for ${what} within ${this.timings.channelSeconds} s`;
        fail(new SshError("deadlineExceeded", this.label, "unknown", reason));
        // Otherwise a channel that opens later would never be closed.
        this.#lose(reason);
      }, this.timings.channelSeconds * 1000);
      const heard = this.#chunksHeard;
      const forget = this.onLost((reason) => {
        // What the channel is for is sent only after the server has confirmed it (RFC 4254, 5.1 and 6.5).
        const outcome = this.#chunksHeard === heard ? "notSent" : "unknown";
        fail(new SshError("sessionBroken", this.label, outcome, `${reason}, while ${what} was being requested`));
      });
      const stopWaiting = () => {
        clearTimeout(timer);
        forget();
      };
      try {
        request(this.client, (error, channel) => {
          if (error === undefined) {
            stopWaiting();
            return resolve(channel);
          }
          const refused = typeof (error as { reason?: unknown }).reason === "number";
          // A lost connection also answers every open request; onLost reports it.
          if (this.lost === null) {
            fail(
              refused
                ? new ChannelRefused()
                : new SshError(
                    "refusedByServer",
                    this.label,
                    "notDone",
                    `refused ${what}: ${printable(error.message)}`,
                  ),
            );
          }
        });
      } catch {
        // ssh2 throws if the socket is closed already, before anything is sent.
        fail(new SshError("sessionBroken", this.label, "notSent", `the connection was closed before ${what}`));
        this.#lose("the server closed the connection");
      }
    });
  }

  #free(): void {
    this.#taken--;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    waiting.forEach((resolve) => resolve());
  }

  /** Until a channel is closed, the transport is lost, or the time is over. */
  async #pause(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
  }
}

class ChannelRefused extends Error {}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) {
      done = true;
      action();
    }
  };
}
