import { dirname, join } from "node:path";
import { type Effect, type Fault, matrix } from "../faults/matrix";
import { type TestTitle, type Witness, witness } from "../support/TestTitle";

export const FAULT_INDEX = join(__dirname, "..", "..", "docs", "tests-of-faults.md");

type Witnessed = Witness & { folder: string };

/** The page that shows for every row what is expected, the outcome, and which tests show it. */
export function faultIndex(titles: TestTitle[]): string {
  const witnesses = titles.map(({ file, title }): Witnessed => ({ ...witness(title), folder: dirname(file) }));
  const tables = Object.entries(matrix).map(([name, faults]) => {
    const rows = Object.entries(faults).map(([number, fault]) => {
      const tests = testsOf(witnesses.filter(({ rows }) => rows.includes(Number(number))));
      const cells = [number, fault.what, fault.expected, outcome(fault), tests.join("<br>")];
      return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    });
    return [`## ${name}`, "", HEAD, "|---|---|---|---|---|", ...rows, ""].join("\n");
  });
  return `${HEADING}\n${tables.join("\n")}`;
}

/** Sentences, each once; those that say the same of several things, as kills of every write do, in one. */
function testsOf(witnesses: Witnessed[]): string[] {
  const lines = new Set<string>();
  const moments = new Map<string, Set<string>>();
  for (const { sentence, cannotOccur, folder } of witnesses) {
    const [, moment, what] = /^(.*?), when (.*)$/.exec(sentence) ?? [];
    if (moment !== undefined) {
      const key = `${folder}\0${what}`;
      moments.set(key, (moments.get(key) ?? new Set()).add(moment));
    } else {
      // A random test tells its seed.
      const lasting = sentence.replace(/ \(seed -?\d+\)$/, "");
      lines.add(`• ${cannotOccur ? "cannot occur: " : ""}${escaped(lasting)} (\`${folder}\`)`);
    }
  }
  const whats = new Map<string, string[]>();
  for (const [key, told] of moments) {
    const [folder, what] = key.split("\0");
    const sameMoments = `(\`${folder}\`) ${escaped([...told].sort().join("; "))}`;
    whats.set(sameMoments, [...(whats.get(sameMoments) ?? []), escaped(what!)]);
  }
  for (const [told, list] of whats) {
    const [, folder, when] = /^(\S+) (.*)$/.exec(told)!;
    lines.add(`• ${when}: when ${list.sort().join("; when ")} ${folder}`);
  }
  return [...lines].sort();
}

function escaped(text: string): string {
  return text.replace(/[<>*[\]]/g, "\\$&");
}

function outcome({ effects }: Fault): string {
  return effects.map((effect) => OUTCOMES[effect]).join(", or ");
}

const OUTCOMES: Record<Effect, string> = {
  done: "done",
  notDone: "not done",
  recorded: "recorded",
  unknown: "unknown",
};

const HEAD = "| Row | What goes wrong | Expected | Outcome | Tests |";

const HEADING = `# The tests of each fault

What may go wrong between a program and a server, what is expected then, the outcome, and the tests that show it. Users read
[When something goes wrong](../provider/docs/when-something-goes-wrong.md) instead.

| Outcome | What is true now | What the next run does |
|---|---|---|
| done | the same run made up for it | nothing |
| not done | nothing was changed, and the message says so | does it, once the cause is removed |
| recorded | the server has the change, and it is not effective yet | makes it effective |
| unknown | the answer was lost; it may be done or not | looks, and does what is missing |

After a test of \`test/faults\` has spoilt a deployment, these points hold: one clean run reaches what is declared; the run after it changes
nothing and writes nothing; there is one object per identity; no site was without an owner at any time; a digest of what is not declared is
unchanged; no secret is in a message, a log, the state or a process list; and every message of a failure names the resource, the host, what
has been done (an outcome of its row below, or the test fails) and what to do.

Written by \`npm run index\` from \`test/faults/matrix.yaml\` and from the titles of the tests, and compared with them by every \`npm test\`.
\`npm run mutations\` shows that such tests do fail.
`;
