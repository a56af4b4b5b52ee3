/**
 * What `load` takes through the function that it is given, which requires as `from` does: once more, with all of this
 * project's modules that it needs. What is kept in one copy, as a provider process keeps its servers, is not seen by the
 * other, so that two can be at work in one process.
 */
export function anotherCopy<T>(from: NodeJS.Require, load: (load: NodeJS.Require) => T): T {
  const first = { ...require.cache };
  const ours = () => Object.keys(require.cache).filter((file) => !file.includes("node_modules"));
  for (const file of ours()) delete require.cache[file];
  try {
    return load(from);
  } finally {
    for (const file of ours()) delete require.cache[file];
    Object.assign(require.cache, first);
  }
}
