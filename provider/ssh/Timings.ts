/** The waits of a connection, in seconds; tests use shorter ones. */
export interface Timings {
  /** All attempts to connect together, pauses included. */
  connectSeconds: number;
  /** The pause after the first failed attempt; it doubles each time, and a random part of up to one half is subtracted. */
  retryPauseSeconds: number;
  /** How long a failed attempt is not repeated: the other resources of a run fail at once with the same error. */
  failureSeconds: number;
  /** Interval between the probes of a silent connection. */
  keepaliveSeconds: number;
  /** The number of silent intervals after which it counts as lost. */
  keepaliveIntervals: number;
  /** How long to wait for room for a channel, and for the server to open it. */
  channelSeconds: number;
  /** One file operation over SFTP. */
  sftpSeconds: number;
}

export const DEFAULT_TIMINGS: Timings = {
  connectSeconds: 60,
  retryPauseSeconds: 0.5,
  failureSeconds: 30,
  keepaliveSeconds: 15,
  keepaliveIntervals: 3,
  channelSeconds: 60,
  sftpSeconds: 30,
};
