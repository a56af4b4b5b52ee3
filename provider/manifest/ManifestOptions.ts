/** What a server does to names. */
export interface ServerNaming {
  /** The server's `hosting_client_prefix`. */
  clientPrefix?: string;
  /** The Octopus instance, the `o1` of a login `o1.acme`; absent on a plain Aegir. */
  instance?: string;
  /** Days that the password of a shell account lasts; 90 if absent. */
  passwordDays?: number;
  /** Why its configuration lets nobody put keys into logins: clauses without a full stop; absent if it does, or that is not known. */
  keysProblem?: { what: string; next: string };
}

export interface ManifestOptions extends ServerNaming {
  /** The configured servers; the one that the manifest names (or the only one) takes the place of the two above. */
  servers?: Readonly<Record<string, ServerNaming>>;
  /** The day (UTC, `YYYY-MM-DD`) for which the manifest is read; today if absent. What expired before it is absent. */
  asOf?: string;
  /**
   * What is on the main branch may be older than this release: names that could be taken for others are spelled out then,
   * instead of refused, and the former names of keys are accepted.
   */
  deployed?: boolean;
}
