/** Pictures of access for the tests, written as manifests, as a user writes them. */
import { parseManifest } from "../../provider/manifest";
import type { EffectiveAccess } from "../../provider/review/EffectiveAccess";
import { accessOfManifest } from "../../provider/review/fromManifest";

export const TODAY = "2026-11-24";

/** The access of a manifest whose clients are given as lines of YAML, in flow style or not. */
export function picture(clients: string[], top: string[] = [], asOf = TODAY): EffectiveAccess {
  const entries = clients.map((client) => `  - ${client}\n`).join("");
  const text = `version: 1\n${top.map((line) => `${line}\n`).join("")}clients:${entries === "" ? " []" : ""}\n${entries}`;
  return accessOfManifest(parseManifest(text, "access.yaml", { asOf }), "o1");
}
