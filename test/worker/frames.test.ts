import assert from "node:assert/strict";
import fc from "fast-check";
import { FrameError, FrameReader } from "../../provider/worker/frames";
import { frame } from "../ssh/ScriptedServer";

const MARKER = "4fd0c3b2a1908f7e6d5c4b3a29180f9a";

/** What a reader makes of the chunks: the answers, and the message of what it refused. */
function read(chunks: (Buffer | string)[], maxBytes?: number) {
  const answers: unknown[] = [];
  const reader = new FrameReader(MARKER, (answer) => answers.push(answer), maxBytes);
  try {
    chunks.forEach((chunk) => reader.push(Buffer.from(chunk)));
    return { answers, error: null, reader };
  } catch (error) {
    assert.ok(error instanceof FrameError);
    return { answers, error: error.message, reader };
  }
}

/** Cuts `bytes` at the given places. */
function cut(bytes: Buffer, places: number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

describe("FrameReader", () => {
  // Noise that looks as much like an answer as it can without containing the start of one.
  const noise = fc
    .array(
      fc.oneof(
        fc.constantFrom("\n", `\n${MARKER}`, MARKER, `x${MARKER} 3 {}\n`, `\n${MARKER.slice(0, 9)}`, " 12 ", "{}"),
        fc.string({ unit: "binary", maxLength: 20 }),
      ),
      { maxLength: 6 },
    )
    .map((parts) => `${parts.join("")}|`.replaceAll(`\n${MARKER} `, "?"));
  const stream = fc.array(fc.record({ noise, answer: fc.jsonValue() }), { maxLength: 8 });
  const bytesOf = (parts: { noise: string; answer: unknown }[]) =>
    Buffer.concat(parts.flatMap((part) => [Buffer.from(part.noise), frame(MARKER, part.answer)]));

  it("reads the same answers however the bytes are cut, with any noise around them", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat()), (parts, places) => {
        const bytes = bytesOf(parts);
        const { answers, error, reader } = read(cut(bytes, places));
        assert.equal(error, null);
        assert.deepEqual(
          answers,
          parts.map(({ answer }) => JSON.parse(JSON.stringify(answer)) as unknown),
        );
        assert.equal(reader.pendingBytes, 0);
        assert.equal(reader.noise.bytes, Buffer.byteLength(parts.map((part) => part.noise).join("")));
      }),
    );
  });

  it("reads the same answers byte by byte", () => {
    const bytes = bytesOf([
      { noise: "notice\n", answer: { id: 1, text: "ünï" } },
      { noise: "", answer: [2] },
    ]);
    assert.deepEqual(read([...bytes].map((byte) => Buffer.from([byte]))).answers, [{ id: 1, text: "ünï" }, [2]]);
  });

  it("never makes an answer of a part of one", () => {
    fc.assert(
      fc.property(
        stream.filter(({ length }) => length > 0),
        fc.nat(),
        (parts, place) => {
          const last = parts.at(-1) as { answer: unknown };
          const bytes = bytesOf(parts);
          const missing = 1 + (place % (frame(MARKER, last.answer).length - 1));
          const { answers, error } = read([bytes.subarray(0, bytes.length - missing)]);
          assert.equal(error, null);
          assert.equal(answers.length, parts.length - 1);
        },
      ),
    );
  });

  it("says how much there is of half an answer", () => {
    const half = frame(MARKER, { id: 1 }).subarray(0, -4);
    assert.equal(read(["noise", half]).reader.pendingBytes, half.length);
  });

  it("counts the length in bytes, not in characters", () => {
    const json = JSON.stringify("ü");
    assert.match(read([`\n${MARKER} ${json.length} ${json}\n`]).error ?? "", /not as long as it says/);
  });

  const broken: [string, string | Buffer, RegExp][] = [
    ["a length that is too short", `\n${MARKER} 1 {}\n`, /not as long as it says \(1 bytes\)/],
    ["a length that is no number", `\n${MARKER} two {}\n`, /without its length/],
    ["no length", `\n${MARKER}  {}\n`, /without its length/],
    ["an endless length", `\n${MARKER} ${"1".repeat(20)}`, /without its length/],
    ["no JSON", `\n${MARKER} 2 {]\n`, /not JSON/],
    [
      "bytes that are not UTF-8",
      Buffer.concat([Buffer.from(`\n${MARKER} 3 "`), Buffer.from([0xff]), Buffer.from('"\n')]),
      /not JSON in UTF-8/,
    ],
    ["an announced answer beyond the limit", `\n${MARKER} 1001 `, /1001 bytes, more than the 1000 allowed/],
    [
      "more levels than any answer has",
      frame(MARKER, JSON.parse("[".repeat(33) + "]".repeat(33))),
      /more than 32 levels/,
    ],
    ["noise beyond the limit", "x".repeat(1001), /more than 1000 bytes without a complete answer/],
  ];
  for (const [what, bytes, message] of broken) {
    it(`refuses ${what}, after what was complete, and reads no further`, () => {
      const { answers, error, reader } = read([frame(MARKER, 1), bytes], 1000);
      assert.match(error ?? "", message);
      assert.deepEqual(answers, [1]);
      reader.push(frame(MARKER, 2));
      assert.deepEqual(answers, [1]);
    });
  }

  it("takes no sign within a string for a level", () => {
    const text = `\\"${"[".repeat(40)}\\`;
    assert.deepEqual(read([frame(MARKER, { [text]: [text] })]).answers, [{ [text]: [text] }]);
  });

  it("counts what comes beside the answers as noise", () => {
    const { reader } = read([frame(MARKER, 1)], 1000);
    reader.pushNoise(Buffer.from("x".repeat(900)));
    assert.throws(() => reader.push(Buffer.from("y".repeat(200))), /more than 1000 bytes without a complete answer/);
    assert.match(reader.noise.text(), /xxx.*/);
  });

  it("allows the limit between any two answers, not for all of them together", () => {
    const part = Buffer.concat([Buffer.from("x".repeat(900)), frame(MARKER, 1)]);
    assert.deepEqual(read([part, part, part], 1000).answers, [1, 1, 1]);
  });
});
