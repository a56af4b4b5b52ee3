/**
 * The block that `codeowners` keeps in a CODEOWNERS file. The last pattern that matches a file decides, on GitHub and in each
 * section of GitLab, so the block has to come after all other patterns.
 */

const BEGIN = "# Begin: owners of the access manifest, written by aegir-access codeowners";
const END = "# End: owners of the access manifest";

/** Owners of a file, whose path is counted from the root of the repository. */
export interface OwnedFile {
  path: string;
  owners: readonly string[];
}

/** What GitHub and GitLab read in the same way without escapes. */
export function isPlainPath(path: string): boolean {
  return /^[\w.@+,-]+(\/[\w.@+,-]+)*$/.test(path);
}

export function blockOf(files: readonly OwnedFile[]): string {
  const lines = files
    .filter(({ owners }) => owners.length > 0)
    .map(({ path, owners }) => `/${path} ${owners.join(" ")}`);
  return [BEGIN, ...lines, END, ""].join("\n");
}

/** @returns the text with the block, in the place of the present one or at the end; every other line stays */
export function withBlock(text: string, block: string): string {
  const found = blockIn(text);
  if (found !== undefined) return text.slice(0, found.start) + block + text.slice(found.end);
  const gap = text === "" ? "" : text.endsWith("\n") ? "\n" : "\n\n";
  return text + gap + block;
}

/** The first pattern after the block, which may take the files from their owners; undefined if there is none. */
export function patternAfter(text: string): string | undefined {
  const found = blockIn(text);
  const after = found === undefined ? "" : text.slice(found.end);
  return after.split("\n").find((line) => line.trim() !== "" && !line.trim().startsWith("#"));
}

function blockIn(text: string): { start: number; end: number } | undefined {
  const start = text.startsWith(`${BEGIN}\n`) ? 0 : text.indexOf(`\n${BEGIN}\n`) + 1;
  if (start === 0 && !text.startsWith(BEGIN)) return undefined;
  const last = text.indexOf(`\n${END}`, start);
  if (last === -1) return undefined;
  const end = text.indexOf("\n", last + 1);
  return { start, end: end === -1 ? text.length : end + 1 };
}
