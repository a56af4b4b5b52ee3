/** The waits of a connection, in seconds, so that tests need not wait as long. */
export interface Timings {
  /** All attempts to connect together, pauses included. */
  connectSeconds: number;
  /** The pause after the first failed attempt; it doubles each time, and a random half of it is left out. */
  retryPauseSeconds: number;
  /** For how long an attempt that failed is not made again: the other resources of a run fail with its error at once. */
  failureSeconds: number;
  /** How often a silent connection is asked whether it is alive. */
  keepaliveSeconds: number;
  /** After how many silent intervals it is given up. */
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
