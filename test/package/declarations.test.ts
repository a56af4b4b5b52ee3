/**
 * The public declarations stand alone: a program compiles with Pulumi's own TypeScript template, which checks libraries
 * too, and with nothing but what the package declares.
 */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { exports as entries } from "pulumi-aegir/package.json";
import { devDependencies } from "../../package.json";
import { longRun, skipUnlessLong } from "../support/random";
import { skip } from "../support/skip";
import { pack, registryAnswers } from "./toolchains";

const provider = join(__dirname, "..", "..", "provider");

/** What programs import: the path after the package's name, and its declarations. */
const doors = Object.entries(entries).flatMap(([path, entry]) =>
  typeof entry === "object" ? [{ specifier: join("pulumi-aegir", path), types: join(provider, entry.types) }] : [],
);

/** The packages that a declaration file imports, and those that it imports itself. */
function packagesOf(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return new Set();
  seen.add(file);
  const specifiers = [...readFileSync(file, "utf8").matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(
    ([, name]) => name!,
  );
  const found = specifiers.map((name) =>
    name.startsWith(".") ? packagesOf(join(dirname(file), `${name}.d.ts`), seen) : new Set([name]),
  );
  return new Set(found.flatMap((names) => [...names]));
}

interface Row {
  typescript: string;
  resolution: "node10" | "node16" | "nodenext" | "bundler";
  format: "commonjs" | "module";
}

/** The oldest of 5, and those that the README calls supported. */
const TYPESCRIPT = ["5.0.4", "5.9.3", "6.0.3"];

const ROWS: readonly Row[] = TYPESCRIPT.flatMap((typescript) =>
  (["node10", "node16", "nodenext", "bundler"] as const).flatMap((resolution) =>
    (["commonjs", "module"] as const)
      // TypeScript 5 compiles a bundler's programs to ES modules only.
      .filter((format) => resolution !== "bundler" || format === "module" || typescript.startsWith("6."))
      .map((format) => ({ typescript, resolution, format })),
  ),
);

/** The template as it is, and what differs most from it. */
const DAILY = ["5.9.3 nodenext commonjs", "6.0.3 bundler module"];
const isDaily = ({ typescript, resolution, format }: Row) => DAILY.includes(`${typescript} ${resolution} ${format}`);

/** The settings of `pulumi new typescript`, with the row's own in place of the template's `nodenext`. */
function tsconfig({ typescript, resolution, format }: Row, files: string[]): object {
  const isNode = resolution === "node16" || resolution === "nodenext";
  return {
    compilerOptions: {
      strict: true,
      outDir: "bin",
      target: "es2020",
      module: isNode ? resolution : format === "module" ? "es2020" : "commonjs",
      moduleResolution: resolution,
      ...(resolution === "node10" && typescript.startsWith("6.") && { ignoreDeprecations: "6.0" }),
      sourceMap: true,
      experimentalDecorators: true,
      pretty: false,
      noFallthroughCasesInSwitch: true,
      noImplicitReturns: true,
      forceConsistentCasingInFileNames: true,
    },
    files,
  };
}

describe("The public declarations", () => {
  for (const { specifier, types } of doors) {
    it(`declarations of ${specifier}: need the types of no package but Pulumi's`, () => {
      const others = [...packagesOf(types)].filter((name) => !/^(@pulumi\/pulumi|node:)/.test(name));
      assert.deepEqual(others, []);
    });
  }

  describe("in a project that has the packed package", () => {
    let project: string;

    before(async function () {
      this.timeout(300_000);
      if (!(await registryAnswers())) {
        skip(this, "the declarations with other compilers", "a registry that npm ping reaches");
      }
      project = mkdtempSync(join(realpathSync(tmpdir()), "aegir-declarations-"));
      writeFileSync(join(project, "package.json"), JSON.stringify({ name: "consumer", private: true }));
      const compilers = new Set(ROWS.filter((row) => longRun || isDaily(row)).map(({ typescript }) => typescript));
      execFileSync(
        "npm",
        [
          ...["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--prefix", project],
          ...[pack(project), `@pulumi/pulumi@${devDependencies["@pulumi/pulumi"]}`, "@types/node@18"],
          ...[...compilers].map((version) => `typescript-${version}@npm:typescript@${version}`),
        ],
        { stdio: "pipe" },
      );
    });
    after(() => {
      if (project) rmSync(project, { recursive: true });
    });

    for (const row of ROWS) {
      const { typescript, resolution, format } = row;
      it(`declarations: compile with TypeScript ${typescript}, moduleResolution ${resolution} and "type": "${format}"`, async function () {
        if (!isDaily(row)) skipUnlessLong(this, "the declarations with further compilers");
        const directory = join(project, `${typescript}-${resolution}-${format}`);
        mkdirSync(directory);
        cpSync(join(__dirname, "program", "index.ts"), join(directory, "index.ts"));
        const everyDoor = doors.map(({ specifier }, index) => `export * as door${index} from "${specifier}";\n`);
        writeFileSync(join(directory, "everyDoor.ts"), everyDoor.join(""));
        writeFileSync(join(directory, "package.json"), JSON.stringify({ type: format }));
        writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(tsconfig(row, ["index.ts", "everyDoor.ts"])));
        const problems = await compile(join(project, "node_modules", `typescript-${typescript}`), directory);
        // With this setting @grpc/grpc-js, which Pulumi imports, does not compile, whatever else a program uses.
        const isOwn = (line: string) => resolution !== "bundler" || !line.includes("node_modules/@grpc/grpc-js/");
        assert.deepEqual(problems.filter(isOwn), []);
      });
    }
  });
});

/** What `tsc` reports, by line. */
async function compile(compiler: string, directory: string): Promise<string[]> {
  try {
    await promisify(execFile)(process.execPath, [join(compiler, "bin", "tsc"), "--project", directory]);
    return [];
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (!stdout) throw error;
    return stdout.trimEnd().split("\n");
  }
}
