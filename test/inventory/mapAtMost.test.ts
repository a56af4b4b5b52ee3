/** What is asked of a server about many things at once. */
import assert from "node:assert/strict";
import { mapAtMost } from "../../provider/inventory/mapAtMost";

describe("looking at many things", () => {
  it("mapAtMost: looks at so many at a time and no more, and returns the results in order", async () => {
    const open: (() => void)[] = [];
    let most = 0;
    const looking = mapAtMost(3, [1, 2, 3, 4, 5, 6, 7], async (item) => {
      most = Math.max(most, open.length + 1);
      await new Promise<void>((end) => open.push(end));
      return item * 10;
    });
    for (let ended = 0; ended < 7; ended++) {
      assert.equal(open.length, Math.min(3, 7 - ended));
      open.pop()!();
      await new Promise(setImmediate);
    }
    assert.deepEqual(await looking, [10, 20, 30, 40, 50, 60, 70]);
    assert.equal(most, 3);
  });

  it("mapAtMost: fails with the first failure", async () => {
    const failing = mapAtMost(2, [1, 2, 3], (item) =>
      item === 2 ? Promise.reject(new Error("2")) : Promise.resolve(item),
    );
    await assert.rejects(failing, /^Error: 2$/);
  });
});
