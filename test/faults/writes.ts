/** The writes at which somebody is killed: rows 29, 31 and 33 of the fault matrix. */
import assert from "node:assert/strict";
import type { Requested } from "../aegir/SmallAegir";
import type { SmallAegir } from "../aegir/SmallAegir";
import type { Declaration } from "../scenarios/program";
import { client, owned } from "../scenarios/Scenario";
import { access, MAIL, moved, SITE } from "./FaultRun";

const withoutMail = client("nova", "Nova Ltd");
const renamed = client("nova", "Nova Incorporated", { email: MAIL });
const twoClients = [withoutMail, client("luna", "Luna Ltd")];

export interface Write {
  row: 29 | 31 | 33;
  what: string;
  before: Declaration[];
  after: Declaration[];
  verb: Requested;
  nth?: number;
  /** What has happened after `before` was deployed. */
  prepare?: (server: { aegir: SmallAegir; deploys: (declared: Declaration[]) => Promise<boolean> }) => Promise<unknown>;
  /**
   * With a lost state, the program that says so much that nothing has to be remembered; none, where the program cannot
   * say it: what is no longer declared is known from the state alone.
   */
  lost?: Declaration[];
}

/** Every write of every resource type, and what stands between two writes of one resource. */
export const writes: Write[] = [
  { row: 29, what: "a client is created with its person", before: [], after: access(), verb: "createClient" },
  { row: 29, what: "a person is bound", before: [], after: access(), verb: "bind" },
  { row: 29, what: "a person is made and bound", before: [], after: access(), verb: "bind", nth: 2 },
  { row: 29, what: "a site gets its owner", before: [], after: access(), verb: "setOwner" },
  {
    row: 31,
    what: "a client is renamed, before its person is made",
    before: [withoutMail],
    after: [renamed],
    verb: "renameClient",
    lost: [client("nova", "Nova Incorporated", { email: MAIL, onExisting: "adopt" })],
  },
  {
    row: 31,
    what: "a person is made for a client that was renamed a moment ago",
    before: [withoutMail],
    after: [renamed],
    verb: "ensureUser",
    lost: [client("nova", "Nova Incorporated", { email: MAIL, onExisting: "adopt" })],
  },
  {
    row: 31,
    what: "a site moves to another client",
    before: [...twoClients, owned(SITE, "nova")],
    after: [...twoClients, owned(SITE, "luna")],
    verb: "setOwner",
    lost: [...twoClients, owned(SITE, "luna", { takeOverFrom: "nova" })],
  },
  {
    row: 31,
    what: "a handover that failed half way is verified again",
    before: [withoutMail],
    after: [withoutMail, owned(SITE, "nova")],
    verb: "queueVerify",
    prepare: async ({ aegir, deploys }) => {
      aegir.faults.nextVerify(SITE, "failure");
      assert.equal(await deploys([withoutMail, owned(SITE, "nova")]), false);
    },
    lost: [withoutMail, owned(SITE, "nova")],
  },
  {
    row: 31,
    what: "a password is rotated, before the new one is there",
    before: access({ rotation: "1" }),
    after: access({ rotation: "2" }),
    verb: "unlink",
    lost: access({ rotation: "2" }),
  },
  {
    row: 31,
    what: "everything is replaced: the new client is made",
    before: access(),
    after: moved,
    verb: "createClient",
  },
  { row: 31, what: "everything is replaced: the site moves", before: access(), after: moved, verb: "setOwner" },
  { row: 33, what: "a person is unbound", before: access(), after: access().slice(0, 2), verb: "unbind" },
  {
    row: 33,
    what: "a site goes back to the default owner",
    before: access(),
    after: access().slice(0, 3),
    verb: "setOwner",
  },
  { row: 33, what: "a client is deleted", before: access(), after: [], verb: "deleteClient" },
  {
    row: 33,
    what: "a client is deleted with a site that nobody declared: the site goes first",
    before: [client("nova", "Nova Ltd", { onDestroy: { sites: "default-owner" } })],
    after: [],
    verb: "setOwner",
    prepare: ({ aegir }) => {
      aegir.panel.setOwner("shop.nova.example", "Nova Ltd");
      aegir.runQueue();
      return Promise.resolve();
    },
  },
];

/** What the next run knows of the one that was killed. */
export type Memory = "recorded" | "without checkpoints" | "with its state lost";

/** What can be known: with a lost state, nothing tells any more what is declared no longer. */
export function memoriesOf({ row, after }: Write): Memory[] {
  const removes = row === 33 || after === moved;
  return ["recorded", "without checkpoints", ...(removes ? [] : (["with its state lost"] as const))];
}
