/** One deliberate break of the provider: a small, plausible mistake with which somebody would lose a site or be let in. */
export interface Mutation {
  /** What the mistake is, for people; unique. */
  name: string;
  /** Why it must never be made. */
  danger: string;
  /** The file that is broken, from the top of the repository. */
  file: string;
  /** Text that occurs in the file once, exactly. */
  find: string;
  replace: string;
  /** The test that must fail with the break, and pass without it: its file, and its title without those of its suites. */
  caughtBy: { file: string; title: string };
}

/** As it is written down, where its test is `test/naming/naming.test.ts: a title`. */
export type WrittenMutation = Omit<Mutation, "caughtBy"> & { caughtBy: string };

export function parseMutation({ caughtBy, ...mutation }: WrittenMutation): Mutation {
  const [, file = "", title = ""] = /^(\S+): (.+)$/.exec(caughtBy) ?? [];
  return { ...mutation, caughtBy: { file, title } };
}

/** @throws Error if the text that is to be replaced is not there, is there twice, or would stay the same */
export function mutate(source: string, { name, file, find, replace }: Mutation): string {
  const [before, after, ...more] = source.split(find);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(
      `"${name}": the text to replace occurs ${source.split(find).length - 1} times in ${file}, not once`,
    );
  }
  if (replace === find) throw new Error(`"${name}" changes nothing`);
  return before + replace + after;
}
