/**
 * The engines of this machine: always the in-process one, and the Pulumi CLI if `pulumi` is on the PATH and runs.
 * AEGIR_ENGINES=in-process or AEGIR_ENGINES=cli asks for one of them alone.
 */
import { type Engine } from "./Engine";
import { InProcessEngine } from "./InProcessEngine";
import { PulumiCli } from "./PulumiCli";

export function listEngines(): Engine[] {
  const wanted = process.env["AEGIR_ENGINES"] ?? "";
  if (!["", "in-process", "cli"].includes(wanted)) {
    throw new Error(`AEGIR_ENGINES is "${wanted}": "in-process" and "cli" are known`);
  }
  const cli = wanted === "in-process" ? undefined : PulumiCli.find();
  if (wanted === "cli" && cli === undefined) {
    throw new Error("AEGIR_ENGINES asks for the Pulumi CLI, but there is no `pulumi` on the PATH that runs");
  }
  return [...(wanted === "cli" ? [] : [new InProcessEngine()]), ...(cli === undefined ? [] : [cli])];
}
