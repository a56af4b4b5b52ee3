/** For a suite: takes actions that undo what a test has started; they are done after the test, the last one first. */
export function cleaningUp(): (action: () => unknown) => void {
  const actions: (() => unknown)[] = [];
  afterEach(async () => {
    for (const action of actions.splice(0).reverse()) await action();
  });
  return (action) => void actions.push(action);
}
