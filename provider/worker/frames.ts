/**
 * The framing of the worker's answers (worker/PROTOCOL.md, "Answers"): a line feed, the session's marker, a space, the
 * length of the JSON in bytes, a space, the JSON, a line feed. Everything else is noise and is skipped.
 */
import { Excerpt } from "../text/Excerpt";

const LINE_FEED = 0x0a;
/** The digits of the largest possible length; a longer number is not a length. */
const LENGTH_DIGITS = 10;

/**
 * How many bytes may arrive, noise included, without completing an answer: an inventory of ten thousand sites takes 4 MB, and
 * a few lines of a log for each of them could take 25.
 */
export const MAXIMUM_ANSWER_BYTES = 32 * 1024 * 1024;

/** Values in an answer: each takes many times its bytes in memory. Ten thousand sites have a fifth of this. */
export const MOST_VALUES = 2_000_000;

/** Levels of an answer; the protocol has six. */
const DEEPEST = 32;

/** The bytes do not follow the protocol: an incomplete answer, a wrong length, not JSON, or too much. */
export class FrameError extends Error {}

/**
 * Bytes in, answers out, however the bytes are cut into chunks. An answer is passed on only when its last line feed has
 * arrived. After a FrameError nothing further is accepted.
 */
export class FrameReader {
  /** The first and the last part of what came between answers. */
  readonly noise = new Excerpt();
  readonly #start: Buffer;
  /** Undecided bytes: a possible beginning of a frame, or a frame in progress. */
  #chunks: Buffer[] = [];
  #length = 0;
  /** How many bytes are needed before the next look. */
  #wanted = 0;
  #sinceAnswer = 0;
  #broken = false;

  constructor(
    marker: string,
    private readonly onAnswer: (answer: unknown) => void,
    private readonly maxBytes = MAXIMUM_ANSWER_BYTES,
  ) {
    this.#start = Buffer.from(`\n${marker} `);
  }

  /** Throws a FrameError, after passing on every complete answer before the error. */
  push(chunk: Buffer): void {
    this.#unlessBroken(() => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      if (this.#length >= this.#wanted) {
        this.#read(Buffer.concat(this.#chunks));
      }
    });
  }

  /** Takes output on standard error: noise, which counts like any other. */
  pushNoise(chunk: Buffer): void {
    this.#unlessBroken(() => this.#skip(chunk));
  }

  #unlessBroken(take: () => void): void {
    if (this.#broken) {
      return;
    }
    try {
      take();
      if (this.#sinceAnswer + this.#length > this.maxBytes) {
        throw new FrameError(`more than ${this.maxBytes} bytes without a complete answer`);
      }
    } catch (error) {
      this.#broken = true;
      throw error;
    }
  }

  /** How many bytes of an incomplete answer have arrived. */
  get pendingBytes(): number {
    return this.#chunks[0]?.subarray(0, this.#start.length).equals(this.#start) ? this.#length : 0;
  }

  #read(bytes: Buffer): void {
    let position = 0;
    for (;;) {
      const start = bytes.indexOf(this.#start, position);
      if (start === -1) {
        // The last bytes may be the beginning of a marker whose rest is still to come.
        const undecided = this.#startOfMarker(bytes, position);
        this.#skip(bytes.subarray(position, undecided));
        return this.#keep(bytes.subarray(undecided), 0);
      }
      this.#skip(bytes.subarray(position, start));
      const digits = start + this.#start.length;
      const space = bytes.subarray(digits, digits + LENGTH_DIGITS + 1).indexOf(" ");
      const number = bytes.toString("latin1", digits, space === -1 ? digits + LENGTH_DIGITS + 1 : digits + space);
      if (!/^\d*$/.test(number) || (space === -1 ? number.length > LENGTH_DIGITS : number === "")) {
        throw new FrameError("an answer begins without its length");
      }
      if (space === -1) {
        return this.#keep(bytes.subarray(start), 0);
      }
      const json = digits + space + 1;
      const end = json + Number(number);
      if (Number(number) > this.maxBytes) {
        throw new FrameError(`an answer of ${number} bytes, more than the ${this.maxBytes} allowed`);
      }
      if (bytes.length <= end) {
        return this.#keep(bytes.subarray(start), end + 1 - start);
      }
      if (bytes[end] !== LINE_FEED) {
        throw new FrameError(`an answer is not as long as it says (${number} bytes)`);
      }
      this.#sinceAnswer = 0;
      this.onAnswer(parse(bytes.subarray(json, end)));
      position = end + 1;
    }
  }

  /** Where the longest end of `bytes` begins that may be the start of a frame. */
  #startOfMarker(bytes: Buffer, from: number): number {
    for (let at = Math.max(from, bytes.length - this.#start.length + 1); at < bytes.length; at++) {
      if (this.#start.subarray(0, bytes.length - at).equals(bytes.subarray(at))) {
        return at;
      }
    }
    return bytes.length;
  }

  #skip(noise: Buffer): void {
    this.#sinceAnswer += noise.length;
    this.noise.push(noise);
  }

  #keep(bytes: Buffer, wanted: number): void {
    this.#chunks = bytes.length > 0 ? [bytes] : [];
    this.#length = bytes.length;
    this.#wanted = wanted;
  }
}

function parse(json: Buffer): unknown {
  refuseBombs(json);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch {
    throw new FrameError("an answer is not JSON in UTF-8");
  }
}

const [QUOTE, BACKSLASH, LIST, END_OF_LIST, MAP, END_OF_MAP, COMMA] = Buffer.from('"\\[]{},');

/** Counts before parsing. */
function refuseBombs(json: Buffer): void {
  let values = 0;
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) inText = !inText;
    else if (inText) at += byte === BACKSLASH ? 1 : 0;
    else if (byte === LIST || byte === MAP) depth++;
    else if (byte === END_OF_LIST || byte === END_OF_MAP) depth--;
    else if (byte === COMMA) values++;
    if (depth > DEEPEST) throw new FrameError(`an answer of more than ${DEEPEST} levels`);
    if (values > MOST_VALUES) throw new FrameError(`an answer of more than ${MOST_VALUES} values`);
  }
}
