/** A workflow for GitHub as data, and one step of it run as a runner runs it. */
import assert from "node:assert/strict";
import type { PipelineRun } from "./PipelineRun";

interface Step {
  name?: string;
  uses?: string;
  run?: string;
  if?: string;
  env?: Record<string, string>;
}

export interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  jobs: Record<
    string,
    {
      permissions?: Record<string, string>;
      container?: string;
      "timeout-minutes"?: number;
      env?: Record<string, string>;
      steps: Step[];
    }
  >;
}

export function stepsOf({ jobs }: Workflow): Step[] {
  return Object.values(jobs).flatMap(({ steps }) => steps);
}

/** @param env the values of variables that the step or its job sets */
export function runStep(runner: PipelineRun, { jobs }: Workflow, name: string, env: Record<string, string> = {}) {
  const job = Object.values(jobs).find(({ steps }) => steps.some((step) => step.name === name));
  const step = job?.steps.find((each) => each.name === name);
  assert.ok(step?.run !== undefined, `there is a step ${name} that runs a script`);
  for (const key of Object.keys(env)) assert.ok(key in { ...job?.env, ...step.env }, `${key} is set for the step`);
  return runner.bash(step.run, {
    GITHUB_STEP_SUMMARY: runner.at("summary.md"),
    GITHUB_OUTPUT: runner.at("output.txt"),
    ...job?.env,
    ...env,
  });
}
