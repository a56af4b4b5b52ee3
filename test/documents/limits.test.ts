/** The numbers of provider/docs/limits.md are those of the code, and every limit on what a server sends is there. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const provider = join(__dirname, "..", "..", "provider");
const source = (file: string) => readFileSync(join(provider, file), "utf8");
const rows = [...source("docs/limits.md").matchAll(/^\| (.+) \| ([\d,]+)(?: (\w+))? \| `(\S+)` `(\w+)` \|$/gm)].map(
  ([, what, number, unit, file, constant]) => ({
    what: what!,
    number: Number(number!.replaceAll(",", "")),
    unit,
    file: file!,
    constant: constant!,
  }),
);

/** The number that a source gives a constant, a field, or an option that is absent; a product of numbers at most. */
function valueOf(file: string, constant: string): number {
  const text = source(file);
  const product = "([\\d_.]+(?: \\* [\\d_]+)*)";
  const forms = [
    `const ${constant} = ${product};`,
    `\\b${constant}: ${product},`,
    `\\b${constant}: (?:.|\\n {4}(?=\\.))*?\\.default\\(${product}\\)`,
    `\\b${constant} = ${product}[,)]`,
    `\\b${constant} = ${product} \\}`,
  ];
  const found = forms.flatMap((form) => new RegExp(form).exec(text)?.[1] ?? []);
  assert.equal(found.length, 1, `${constant} of ${file} has one value: ${found.join(", ")}`);
  return found[0]!.split(" * ").reduce((value, factor) => value * Number(factor.replaceAll("_", "")), 1);
}

describe("The page of limits", () => {
  it("limits.md: shows each limit as the code defines it", () => {
    assert.ok(rows.length > 30, `${rows.length} rows`);
    const scales: Record<string, number> = { MiB: 1024 * 1024 };
    for (const { what, number, unit = "", file, constant } of rows) {
      const scale = constant.endsWith("MILLISECONDS") ? 1000 : (scales[unit] ?? 1);
      assert.equal(number * scale, valueOf(file, constant), what);
    }
  });

  it("limits.md: reads every row of its tables", () => {
    const lines = source("docs/limits.md").match(/^\|.*`\w+\/.*$/gm) ?? [];
    assert.equal(lines.length, rows.length);
  });

  it("limits.md: names every limit of the transport and of the manifest file", () => {
    const named = new Set(rows.map(({ file, constant }) => `${file} ${constant}`));
    const files = ["ssh", "manifest"].flatMap((room) =>
      readdirSync(join(provider, room)).map((file) => `${room}/${file}`),
    );
    const limits = files
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) =>
        [...source(file).matchAll(/const ((?:MAX|MOST|MANY|DEEPEST)\w*) = [\d_]/g)].map(
          ([, name]) => `${file} ${name}`,
        ),
      );
    assert.deepEqual(
      limits.filter((limit) => !named.has(limit) && !/LENGTH/.test(limit)),
      [],
    );
  });
});
