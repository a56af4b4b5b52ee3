/**
 * The title of a test, without those of the suites around it, which name engines, servers and seeds. One suite runs on
 * several of them from several files, so for people the folder tells where it is.
 */
export interface TestTitle {
  /** From the top of the repository. */
  file: string;
  title: string;
}

/** What titles bear witness to: the traps of Aegir, and the rows of the matrix of faults. */
export type WitnessKind = "trap" | "row";

export const WITNESSED: Readonly<Record<WitnessKind, number>> = { trap: 32, row: 53 };

/** The numbers that no title bears witness to. */
export function unwitnessed(kind: WitnessKind, titles: readonly TestTitle[]): number[] {
  const witnessed = new Set(titles.flatMap(({ title }) => witness(title)[`${kind}s`]));
  return Array.from({ length: WITNESSED[kind] }, (_, index) => index + 1).filter((number) => !witnessed.has(number));
}

/** What a title says besides its sentence: `... (trap 13)`, `... (traps 11, 25)`, `row 17: ...`, `trap 31 cannot occur: ...`. */
export interface Witness {
  sentence: string;
  traps: number[];
  rows: number[];
  /** The test asserts why what it names cannot occur here. */
  cannotOccur: boolean;
}

/** @throws Error if the title is almost a witness, which would be missed in silence */
export function witness(title: string): Witness {
  const found: Witness = { sentence: title, traps: [], rows: [], cannotOccur: false };
  const beginning = /^(?:(trap) (\d+) cannot occur|row (\d+)( cannot occur)?): /.exec(title);
  if (beginning) {
    const [whole, trap, trapNumber, row, rowCannot] = beginning;
    if (trap) found.traps.push(Number(trapNumber));
    else found.rows.push(Number(row));
    found.cannotOccur = trap !== undefined || rowCannot !== undefined;
    found.sentence = found.sentence.slice(whole.length);
  }
  const ending = / \((?:trap (\d+)|traps (\d+(?:, \d+)+))\)$/.exec(found.sentence);
  if (ending) {
    const [whole, one, several] = ending;
    found.traps.push(...(one ?? several!).split(", ").map(Number));
    found.sentence = found.sentence.slice(0, -whole.length);
  }
  const outside = { trap: found.traps, row: found.rows };
  for (const kind of ["trap", "row"] as const) {
    const wrong = outside[kind].filter((number) => number < 1 || number > WITNESSED[kind]);
    if (wrong.length > 0) throw new Error(`There is no ${kind} ${wrong.join(", ")}: ${title}`);
  }
  if (/^(trap|row)s? \d|\((trap|row)s? \d/i.test(found.sentence)) {
    throw new Error(`Write "... (trap 1)", "... (traps 1, 2)", "row 1: ..." or "trap 1 cannot occur: ...": ${title}`);
  }
  return found;
}
