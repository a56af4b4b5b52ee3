/**
 * What every worker promises (provider/worker/PROTOCOL.md), as one suite against any server: tables are read through
 * Backstage, never through the worker alone.
 */
import assert from "node:assert/strict";
import { SiteStatus, TaskStatus, type Answer, type Verb, type VerbResult } from "../../provider/worker/protocol";
import type { Backstage, State } from "./Backstage";
import { RawWorker, type Connection } from "./RawWorker";

export interface Target {
  connection: Connection;
  /**
   * What the names that the suite may touch begin with: a letter, then letters and digits, at most 8. Needed on the server:
   * two enabled sites whose domains begin with it, owned by the default client; a platform whose title begins with it lets
   * the promises about platforms be seen. The queue should stand still meanwhile.
   */
  prefix: string;
  backstage: Backstage;
  /** A throwaway server: the suite may ask for what would hurt if the worker did not refuse it. */
  disposable: boolean;
  stop(): Promise<void>;
}

type SiteFacts = VerbResult<"site">["sites"][number];

export function describeWorker(name: string, start: () => Promise<Target>): void {
  describe(`the worker on ${name}`, function () {
    let target: Target;
    let backstage: Backstage;
    let worker: RawWorker;
    let before: State;
    /** A client, a user and a mail address of the suite's own, by a short suffix. */
    const client = (suffix: string) => `${target.prefix}_${suffix}`;
    const mail = (suffix: string) => `${target.prefix}_${suffix}@example.com`;
    const person = (suffix: string) => ({ name: client(suffix), mail: mail(suffix), welcomeMail: false });

    before_all();

    function before_all(): void {
      before = { clients: [], users: [], sites: [], tasks: [] };
    }

    before_hooks();

    function before_hooks(): void {}
  });
}
