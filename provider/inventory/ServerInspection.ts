/** A server as `aegir-access doctor` finds it, before its host keys are pinned and after. */
import { AegirServer } from "../aegir/AegirServer";
import type { Examination } from "../aegir/Examination";
import { examine } from "../aegir/examine";
import { type Pinning, scanUnpinnedHosts, type UnpinnedConnection } from "../aegir/unpinnedHosts";
import { OneLineError } from "../text/OneLineError";

export type ServerInspection = Examination | NotPinned | Decommissioned;

/** A server that lacks a pin: the keys that its connections showed. */
export interface NotPinned {
  server: string;
  verdict: "notPinned";
  /** Paths of the connections without a hostKey. */
  missing: string[];
  shown: UnpinnedConnection[];
  /** Why no key could be read; else null. */
  problem: string | null;
}

/** A server that the configuration gives up; nothing is sent to it. */
export interface Decommissioned {
  server: string;
  verdict: "decommissioned";
  /** Why, as the configuration says. */
  reason: string;
}

/** A server of a configuration, by its name. */
export interface NamedPinning extends Pinning {
  name: string;
}

export async function inspectServer(pinning: NamedPinning): Promise<ServerInspection> {
  const { name, configuration, unpinned } = pinning;
  const { decommissioned: reason } = configuration;
  if (reason !== undefined) return { server: name, verdict: "decommissioned", reason };
  return unpinned.length > 0 ? readHostKeys(pinning) : examineServer(pinning);
}

async function readHostKeys({ name, ...pinning }: NamedPinning): Promise<NotPinned> {
  const notPinned = { server: name, verdict: "notPinned", missing: pinning.unpinned } as const;
  try {
    return { ...notPinned, shown: await scanUnpinnedHosts(name, pinning), problem: null };
  } catch (error) {
    if (!(error instanceof OneLineError)) throw error;
    return { ...notPinned, shown: [], problem: error.message };
  }
}

async function examineServer({ name, configuration }: NamedPinning): Promise<Examination> {
  // A deployment waits for running tasks; an examination reports them.
  const server = new AegirServer(name, { ...configuration, waits: { ...configuration.waits, taskMinutes: 0 } });
  try {
    return await examine(server);
  } finally {
    await server.end();
  }
}
