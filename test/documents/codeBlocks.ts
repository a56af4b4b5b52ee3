import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** A fenced block of code. */
export interface CodeBlock {
  /** As it stands after the fence; empty if nothing does. */
  language: string;
  /** `<page> line <its first line>` */
  at: string;
  text: string;
}

export function codeBlocks(file: string): CodeBlock[] {
  const page = readFileSync(file, "utf8");
  return [...page.matchAll(/^```([\w ]*)\n(.*?)^```$/gms)].map(({ 1: language, 2: text, index }) => ({
    language: language!,
    at: `${basename(file)} line ${page.slice(0, index).split("\n").length + 1}`,
    text: text!,
  }));
}
