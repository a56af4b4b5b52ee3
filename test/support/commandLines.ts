/** What every login of this machine can see of every process. */
import { readdirSync, readFileSync } from "node:fs";

export function commandLines(): string[] {
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return processes.flatMap((process) => {
    try {
      return [readFileSync(`/proc/${process}/cmdline`, "latin1")];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

/** Looks at them again and again until `stop`; `seen` has each once. */
export function watchCommandLines(): { seen: ReadonlySet<string>; stop: () => void } {
  const seen = new Set<string>();
  const sampling = setInterval(() => commandLines().forEach((line) => seen.add(line)), 50);
  return { seen, stop: () => clearInterval(sampling) };
}
