import { dirname } from "node:path";
import * as ts from "typescript";

/** What the TypeScript compiler has to say about strict programs, with the types that their directories resolve. */
export function typeProblems(files: readonly string[], options: ts.CompilerOptions = {}): string[] {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    esModuleInterop: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
    // Each is a program of its own, so names that two of them declare do not clash.
    moduleDetection: ts.ModuleDetectionKind.Force,
    ...options,
  });
  const host: ts.FormatDiagnosticsHost = {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => dirname(files[0]!),
    getNewLine: () => "\n",
  };
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => ts.formatDiagnostic(diagnostic, host).trim());
}
