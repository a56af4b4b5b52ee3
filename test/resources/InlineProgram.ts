/**
 * Runs a program in this process, as the Automation API runs an inline one (`@pulumi/pulumi/automation/server`), against
 * the in-process engine's monitor, behind which every registration is noted and inputs come back as outputs. What a
 * provider does is not part of it. A process that runs failing programs must not be mocha's, which takes their unhandled
 * rejections for its own.
 */
import { RunRequest } from "@pulumi/pulumi/proto/language_pb";
import { ResourceMonitor } from "../engine/ResourceMonitor";
import { newResourceState } from "../engine/ResourceState";
import type { Goal } from "../engine/StepGenerator";

export type Program = () => Promise<Record<string, unknown>>;

export interface Registration {
  type: string;
  name: string;
  /** As sent to the engine: plain values, unknown ones as Pulumi's sentinel. */
  inputs: Record<string, unknown>;
  secretOutputs: string[];
}

export interface ProgramRun {
  registered: Registration[];
  /** What was looked up by id. */
  read: { type: string; name: string; id: string; secretOutputs: string[] }[];
  /** What the program returned. */
  outputs: Record<string, unknown>;
  /** Messages of severity error, as Pulumi shows them. */
  errors: string[];
}

export async function runInline(program: Program, { preview = false } = {}): Promise<ProgramRun> {
  const run: ProgramRun = { registered: [], read: [], outputs: {}, errors: [] };
  const noted = ({ name, ...goal }: Goal) => {
    const { inputs = {} } = goal;
    const state = newResourceState({
      ...goal,
      urn: `urn:pulumi:stack::project::${goal.type}::${name}`,
      outputs: inputs,
    });
    return Promise.resolve({ state, result: "success" as const });
  };
  const monitor = new ResourceMonitor(
    {
      register: (goal) => {
        const { type, name, custom, inputs = {}, additionalSecretOutputs: secretOutputs = [] } = goal;
        if (custom) run.registered.push({ type, name, inputs, secretOutputs });
        return noted(goal);
      },
      read: (goal) => {
        const { type, name, id = "", additionalSecretOutputs: secretOutputs = [] } = goal;
        run.read.push({ type, name, id, secretOutputs });
        return noted(goal);
      },
      registerOutputs: (_urn, outputs) => {
        run.outputs = outputs;
        return Promise.resolve();
      },
      registerHook: () => undefined,
      finished: () => Promise.resolve(),
      defaultProvider: () => Promise.resolve(""),
    },
    (_urn, severity, message) => void (severity === "error" && run.errors.push(message)),
  );
  const address = await monitor.listen();
  const request = new RunRequest();
  request.setProject("project");
  request.setStack("stack");
  request.setOrganization("organization");
  request.setParallel(4);
  request.setDryrun(preview);
  request.setMonitorAddress(address);
  request.setArgsList([address]);
  // Its declarations are stripped from the package.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { LanguageServer } = require("@pulumi/pulumi/automation/server");
  await new Promise<void>((ended) => new LanguageServer(program).run({ request }, () => ended()));
  monitor.close();
  return run;
}
