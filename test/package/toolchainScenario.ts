/**
 * The main job in a project that has the package from npm, on the Node that runs this: previewed, deployed, deployed
 * again and destroyed, against a small Aegir. Prints a ScenarioResult as JSON.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InProcessEngine } from "../engine/InProcessEngine";
import { expectOk, Scenario } from "../scenarios/Scenario";

export type ScenarioResult = Awaited<ReturnType<typeof play>>;

/** A line of loadedFiles.js. */
interface LoadedFile {
  node: string;
  file: string;
}

async function play(project: string) {
  const site = "www.acme.example";
  const directory = mkdtempSync(join(tmpdir(), "aegir-toolchain-"));
  const loadedFiles = join(directory, "loaded");
  const env = { NODE_OPTIONS: `--require ${join(__dirname, "loadedFiles.js")}`, LOADED_FILES: loadedFiles };
  const scenario = await Scenario.open(new InProcessEngine(), { program: project });
  try {
    const { aegir, stack } = scenario;
    aegir.addSites([{ site }]);
    const digest = aegir.digest();
    // As users have it: the SDK has the compiler check the program before it runs.
    const preview = expectOk(await stack.preview({ env: { ...env, PULUMI_NODEJS_TRANSPILE_ONLY: "false" } }));
    const unchangedByPreview = aegir.digest() === digest;
    const up = expectOk(await stack.up({ env }));
    const deployed = {
      owner: scenario.owner(site),
      sitesOfLogin: await scenario.sitesOf("o1.acme"),
      outputs: up.outputs,
    };
    const { writes } = aegir.counts;
    const again = expectOk(await stack.up({ env }));
    const writesAgain = aegir.counts.writes - writes;
    const destroy = expectOk(await stack.destroy({ env }));
    return {
      changes: [preview.changes, up.changes, again.changes, destroy.changes],
      unchangedByPreview,
      deployed,
      writesAgain,
      left: { owner: scenario.owner(site), clients: aegir.tables().clients.map(({ internalName }) => internalName) },
      loaded: readFileSync(loadedFiles, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as LoadedFile),
    };
  } finally {
    await scenario.close();
    rmSync(directory, { recursive: true });
  }
}

void play(process.argv[2]!).then((result) => console.log(JSON.stringify(result)));
