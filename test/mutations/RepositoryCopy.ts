import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ts from "typescript";
import { mutate, type Mutation } from "./Mutation";

const root = join(__dirname, "..", "..");

/**
 * A copy of this repository as it lies here, uncommitted changes included, with the built package: what is broken there
 * is whole here. Modules are shared, all but the package itself.
 */
export class RepositoryCopy {
  private constructor(readonly directory: string) {}

  static make(): RepositoryCopy {
    const directory = mkdtempSync(join(tmpdir(), "aegir-mutations-"));
    const [git, installed] = [join(root, ".git"), join(root, "node_modules")];
    cpSync(root, directory, { recursive: true, filter: (path) => path !== git && path !== installed });
    const modules = join(directory, "node_modules");
    mkdirSync(modules);
    for (const name of readdirSync(installed)) {
      const target = name === "pulumi-aegir" ? join(directory, "provider") : join(installed, name);
      symlinkSync(target, join(modules, name));
    }
    return new RepositoryCopy(directory);
  }

  /** Applies the mutation to source and build, runs `broken`, and puts both back. */
  async with<T>(mutation: Mutation, broken: () => Promise<T>): Promise<T> {
    const source = join(this.directory, mutation.file);
    const whole = readFileSync(source, "utf8");
    const built = join(this.directory, builtFile(mutation.file));
    const wholeBuilt = readFileSync(built, "utf8");
    const mutated = mutate(whole, mutation);
    writeFileSync(source, mutated);
    writeFileSync(built, mutation.file.endsWith(".ts") ? compiled(mutated, mutation.file) : mutated);
    try {
      return await broken();
    } finally {
      writeFileSync(source, whole);
      writeFileSync(built, wholeBuilt);
    }
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function builtFile(file: string): string {
  return file.replace(/^provider\//, "provider/dist/").replace(/\.ts$/, ".js");
}

/** As `npm run build` does, but one file alone: a compiler that objects is no test that fails. */
function compiled(source: string, fileName: string): string {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, "tsconfig.base.json"), (path) => ts.sys.readFile(path)).config,
    ts.sys,
    root,
  );
  const compilerOptions = { ...options, module: ts.ModuleKind.CommonJS, moduleResolution: undefined, sourceMap: false };
  return ts.transpileModule(source, { compilerOptions, fileName }).outputText;
}
