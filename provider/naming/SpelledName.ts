/**
 * Names whose letters could be taken for others: a Cyrillic `а` in `alice`, typographic quotes around it, a mark that joins
 * the letter before it. Such a name is written with those characters spelled out, `<U+0430>lice`, wherever a person reads
 * or writes it: in manifests and programs, previews, reviews, plans and dumps. Only the server has it as it is.
 *
 * The notation is that of POSIX character maps. No user name of Drupal can contain it by accident (it allows no angle
 * brackets), and in a client's title it is spelled out itself.
 */
import { codePoint } from "../text/unsafe";

/** A name with its spelled-out characters put back, as the server has it. */
export function rawName(spelled: string): string {
  if (!spelled.includes("<")) return spelled;
  return spelled.replace(SPELLED, (notation, code: string) => {
    const value = parseInt(code, 16);
    return value > 0x10ffff ? notation : String.fromCodePoint(value);
  });
}

/** The one way to write a name: every character that could be taken for another is spelled out. Undone by `rawName`. */
export function spelledOut(name: string): string {
  if (isPlain(name)) return name;
  const { characters, marked } = lookAlikesOf(name);
  return characters.map((character, index) => (marked.has(index) ? `<${codePoint(character)}>` : character)).join("");
}

/** The one way to write a name that is written in whatever way. */
export function canonicalName(written: string): string {
  return spelledOut(rawName(written));
}

/** Why a name is spelled out, as clauses about it: `it mixes Cyrillic and Latin letters`. Empty if it is not. */
export function lookAlikeReasons(written: string): string[] {
  const name = rawName(written);
  return isPlain(name) ? [] : [...new Set(lookAlikesOf(name).marked.values())];
}

/**
 * What is wrong with how a name is written, if anything is.
 *
 * @param what begins the sentence: `The user's name`
 */
export function spellingProblems(written: string, what: string): string[] {
  const name = rawName(written);
  const spelled = spelledOut(name);
  if (written === spelled) return [];
  if (written !== name) {
    return [
      `${what} ${JSON.stringify(written)} is not spelled out as it must be. Write ${JSON.stringify(spelled)}, or type the name again.`,
    ];
  }
  const reads = readsAs(name);
  const instead = reads === undefined ? "Type it again" : `Write ${JSON.stringify(reads)} if that is meant`;
  return [
    `${what} ${JSON.stringify(spelled)} could be taken for another: ${lookAlikeReasons(name).join("; ")}. ` +
      `${instead}. If it is meant as it is, write ${JSON.stringify(spelled)}, so that a reviewer sees it.`,
  ];
}

const SPELLED = /<U\+([0-9A-F]{4,6})>/gi;

/** Nearly all names are, and need no closer look. */
function isPlain(name: string): boolean {
  return /^[\x00-\x7f]*$/.test(name) && (!name.includes("<") || name.search(SPELLED) === -1);
}

interface LookAlikes {
  /** By code points. */
  characters: string[];
  /** By their indices, those that could be taken for others, and why. */
  marked: Map<number, string>;
}

function lookAlikesOf(name: string): LookAlikes {
  const characters = Array.from(name);
  const marked = new Map<number, string>();
  characters.forEach((character, index) => {
    const [earlier, before] = [characters[index - 2], characters[index - 1]];
    const why = oddCharacter(character) ?? oddMark(character, before, earlier) ?? oddDash(character, before);
    if (why !== undefined) marked.set(index, why);
  });
  for (const { index } of name.matchAll(SPELLED)) {
    marked.set(
      Array.from(name.slice(0, index)).length,
      "it has characters in angle brackets, as if they were spelled out",
    );
  }
  const words = wordsOf(characters, marked);
  const hasLatin = words.some(({ letters }) => letters.some(({ character }) => LATIN.test(character)));
  const onlyLookAlikes = words.every(({ letters }) => letters.every(({ character }) => LOOKALIKES.has(character)));
  for (const { letters } of words) {
    const why = mixture(letters) ?? (hasLatin || onlyLookAlikes ? disguise(letters) : undefined);
    if (why === undefined) continue;
    const latin = letters.some(({ character }) => LATIN.test(character));
    for (const { character, index } of letters) if (!latin || !LATIN.test(character)) marked.set(index, why);
  }
  return { characters, marked };
}

/** A character that is odd in any name. Invisible ones are not among them: they are refused, and shown as escapes, anyway. */
function oddCharacter(character: string): string | undefined {
  if (isAscii(character)) return undefined;
  const looks = PUNCTUATION.get(character) ?? ODD_LATIN.get(character) ?? compatible(character);
  if (looks !== undefined) return `it has ${codePoint(character)}, which looks like ${looks}`;
  if (/\p{L}/u.test(character) && scriptsOf(character)?.length === 0) {
    return `it has ${codePoint(character)}, a letter of a script that is hardly used today`;
  }
  return undefined;
}

/** The character that Unicode says this one is a form of: `a` for a full-width one, the Angstrom sign's `Å`. */
function compatible(character: string): string | undefined {
  const composed = character.normalize("NFC");
  if (composed !== character) return composed;
  const plain = character.normalize("NFKC");
  return plain !== character && isAscii(plain.replace("\u2044", "/")) ? plain : undefined;
}

/** A character that joins the one before it: another one looks the same, or it is not expected there. */
function oddMark(character: string, before: string | undefined, earlier: string | undefined): string | undefined {
  const joined = ((before ?? "") + character).normalize("NFC");
  if (joined !== (before ?? "").normalize("NFC") + character.normalize("NFC")) {
    return `it has ${codePoint(character)}, which makes ${joined} of the letter before it, another character than ${codePoint(joined)}`;
  }
  if (!/[\p{Mn}\p{Me}]/u.test(character)) return undefined;
  const expected =
    before !== undefined &&
    /\p{L}|\p{M}/u.test(before) &&
    !/[\p{scx=Latin}\p{scx=Greek}\p{scx=Cyrillic}]/u.test(before);
  if (expected && !(before === character || (earlier === character && /\p{M}/u.test(before)))) return undefined;
  return `it has ${codePoint(character)}, a mark that is drawn over other letters`;
}

/** What makes a Japanese vowel long is drawn like a dash where it follows anything else. */
function oddDash(character: string, before: string | undefined): string | undefined {
  if (character !== "\u30fc" || /[\p{scx=Hiragana}\p{scx=Katakana}]/u.test(before ?? "")) return undefined;
  return `it has ${codePoint(character)}, which looks like -`;
}

interface Letter {
  character: string;
  index: number;
}

/** Letters and digits between white space, without those that were found odd before. */
function wordsOf(characters: string[], marked: Map<number, string>): { letters: Letter[] }[] {
  const words: { letters: Letter[] }[] = [{ letters: [] }];
  characters.forEach((character, index) => {
    if (/\s/u.test(character)) words.push({ letters: [] });
    else if (!marked.has(index) && /[\p{L}\p{N}]/u.test(character)) {
      const scripts = scriptsOf(character);
      if (scripts !== undefined) words.at(-1)!.letters.push({ character, index });
    }
  });
  return words.filter(({ letters }) => letters.length > 0);
}

/**
 * The letters of one word are of one script, or of those that Japanese, Chinese and Korean are written with, in which Latin
 * is common and resembles nothing: "highly restrictive" in UTS 39, section 5.2.
 */
function mixture(letters: Letter[]): string | undefined {
  const scripts = letters.map(({ character }) => scriptsOf(character)!);
  const fits = (group: readonly string[]) => scripts.every((each) => each.some((script) => group.includes(script)));
  if (SCRIPTS.some(([script]) => fits([script])) || WRITING_SYSTEMS.some(fits)) return undefined;
  const named = SCRIPTS.map(([script]) => script).filter((script) => scripts.some(([first]) => first === script));
  return `it mixes ${named.sort().join(" and ")} letters in one word`;
}

/** A word without a Latin letter that reads as if it had no other. */
function disguise(letters: Letter[]): string | undefined {
  if (!letters.every(({ character }) => LOOKALIKES.has(character))) return undefined;
  const read = letters.map(({ character }) => LOOKALIKES.get(character)).join("");
  const [script] = scriptsOf(letters[0]!.character)!;
  return `it reads as ${JSON.stringify(read)}, but has ${script} letters`;
}

/** The plain name that this one looks like, if it looks like one. */
function readsAs(name: string): string | undefined {
  const read = Array.from(name.normalize("NFKC"), (character) => {
    const looks = PUNCTUATION.get(character) ?? ODD_LATIN.get(character) ?? LOOKALIKES.get(character);
    return looks ?? character;
  }).join("");
  const bare = read.replace(/^"(.*)"$|^'(.*)'$/s, "$1$2").trim();
  return bare !== name && bare !== "" && canonicalName(bare) === bare ? bare : undefined;
}

/** The scripts that a character may belong to; undefined if it belongs to all, such as a hyphen or an ASCII digit. */
function scriptsOf(character: string): string[] | undefined {
  if (/[\p{scx=Common}\p{scx=Inherited}]/u.test(character)) return undefined;
  return SCRIPTS.filter(([, letter]) => letter.test(character)).map(([script]) => script);
}

/** Those in everyday use (UAX 31, table 5). */
const SCRIPTS: readonly (readonly [name: string, letter: RegExp])[] = [
  ..."Latin Cyrillic Greek Armenian Georgian Hebrew Arabic Thaana Ethiopic Devanagari Bengali Gurmukhi Gujarati Oriya".split(
    " ",
  ),
  ..."Tamil Telugu Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar Khmer Hangul Han Hiragana Katakana Bopomofo".split(
    " ",
  ),
].map((script) => [script, new RegExp(`\\p{scx=${script}}`, "u")] as const);

const WRITING_SYSTEMS = [
  ["Latin", "Han", "Hiragana", "Katakana"],
  ["Latin", "Han", "Bopomofo"],
  ["Latin", "Han", "Hangul"],
];

const LATIN = /\p{scx=Latin}/u;

const pairs = (text: string) =>
  new Map(text.split(" ").map((pair) => [pair.slice(0, -1), pair.slice(-1)] as const)) as ReadonlyMap<string, string>;

/** Punctuation beyond ASCII that is drawn like some of it. */
const PUNCTUATION = pairs(
  "‘' ’' ‚' ‛' ′' ‵' ʹ' ʼ' ʻ' ʽ' ˈ' ˋ' ´' ՚' ׳' “\" ”\" „\" ‟\" ″\" «\" »\" ‹< ›> ˮ\" ״\" ‐- ‑- ‒- –- —- ―- −- ⁃- ﹘- ․. ‥. …. ⁄/ ∕/ ∶: ː: ։: ∗* ·. ∙. ǃ! ǀ| ∣|",
);

/** Latin letters of phonetic alphabets that are drawn like ASCII ones. */
const ODD_LATIN = pairs("ɡg ɑa ɩi ʟl ꞌ'");

/** Letters that common fonts draw like an ASCII one, in capitals too (the core of Unicode's confusables list). */
const LOOKALIKES = pairs(
  "аa сc ԁd еe һh іi јj ӏl оo рp ԛq ѕs ԝw хx уy үy АA ВB СC ЕE НH ІI ЈJ КK ӀI МM ОO РP ЅS ТT ХX УY ҮY ԌG " +
    "οo αa νv ρp ιi υu κk ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX օo սu հh ոn ցg ՏS ՍU ՕO",
);

function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text);
}
