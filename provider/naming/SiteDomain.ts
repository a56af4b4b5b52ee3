import { domainToASCII } from "node:url";
import { quoted } from "../text/quoted";
import { codePoint, INVISIBLE } from "../text/unsafe";

/** Aegir's limit for a site's main domain (docs/aegir.md#finding-a-site). */
export const MAXIMUM_DOMAIN_LENGTH = 235;

/**
 * The one normal form of a site's main domain, which ids and comparisons use: trimmed, lower case, international names
 * in their ASCII form, no trailing dot. Never throws; what is no domain comes back trimmed and in lower case.
 */
export function normalizeDomain(text: string): string {
  const lower = withoutTrailingDots(text.trim().toLowerCase());
  // Only words joined by dots go through the URL parser, which would cut paths, resolve %41 and read numbers as addresses.
  if (isAscii(lower) || !/^[\p{L}\p{M}\p{N}.-]+$/u.test(lower)) return lower;
  return domainToASCII(lower) || lower;
}

/** Problems of a site's main domain as it was written; empty if `normalizeDomain` gives a domain that can exist. */
export function siteDomainProblems(value: string): string[] {
  const text = value.trim().toLowerCase();
  if (text === "") return ["The site is empty. Write its main domain, for example www.acme.example."];

  if (isPlainDomain(text)) return [];
  if (text.length > 4 * MAXIMUM_DOMAIN_LENGTH) return [tooLong(value, text.length)];

  const misread = misreadAddress(text);
  if (misread !== undefined) return [`The site ${quoted(value)} ${misread}`];

  const invisible = INVISIBLE.exec(text)?.[0];
  if (invisible !== undefined) {
    return [
      `The site ${quoted(value)} contains the character ${codePoint(invisible)}, which is invisible in a domain. ` +
        "Retype the domain.",
    ];
  }

  const ascii = normalizeDomain(text);
  const deceptive = isAscii(text) ? undefined : deceptiveLetters(text);
  if (deceptive !== undefined) {
    return [
      `The site ${quoted(value)} ${deceptive}. Retype it if ASCII letters are meant` +
        (isAscii(ascii) ? `; if not, write ${quoted(ascii)}, so that a reviewer sees that it is another domain.` : "."),
    ];
  }

  const labels = ascii.split(".");
  const bad = (text.replace(/\.$/, "").endsWith(".") ? [...labels, ""] : labels).find((label) => !isLabel(label));
  if (bad !== undefined) {
    return [
      `The site ${quoted(value)} is not a domain: ${bad === "" ? "two dots follow each other, or it begins with a dot" : `${quoted(bad)} is not a valid part of one`}. ` +
        "Between the dots are 1 to 63 letters, digits and hyphens, with no hyphen at either end. " +
        "Write the site's main domain as the panel shows it.",
    ];
  }
  if (ascii.includes("xn--") && domainToASCII(ascii) === "") {
    return [
      `The site ${quoted(value)} is not a domain: a part that begins with "xn--" is not the ASCII form of any international name. ` +
        "Write the site's main domain as the panel shows it.",
    ];
  }
  if (/^\d+$/.test(labels[labels.length - 1] ?? "")) {
    return [
      `The site ${quoted(value)} is an address or a number, not a domain. Write the site's main domain as the panel shows it.`,
    ];
  }
  if (ascii.length > MAXIMUM_DOMAIN_LENGTH) return [tooLong(value, ascii.length)];
  return [];
}

/** Nearly all are, and need no closer look. */
function isPlainDomain(text: string): boolean {
  return text.length <= MAXIMUM_DOMAIN_LENGTH && isLabelList(text) && !/xn--|(^|\.)\d+$/.test(text);
}

function tooLong(value: string, length: number): string {
  return (
    `The site ${quoted(value)} is ${length} characters long where Aegir allows ${MAXIMUM_DOMAIN_LENGTH}. ` +
    "Write the site's main domain as the panel shows it."
  );
}

/** What was pasted instead of a domain, as the end of a sentence that begins with the value. */
function misreadAddress(text: string): string | undefined {
  const bare = text.replace(/^[a-z][a-z0-9+.-]*:\/\//, "").replace(/^\/+/, "");
  const host = /^[^/?#:\\\s]+/.exec(bare.replace(/^[^/?#]*@/, ""))?.[0] ?? "";
  const write = isLabelList(host) ? `Write ${quoted(host)}.` : "Write the domain alone, for example www.acme.example.";
  if (/^[a-z][a-z0-9+.-]*:\/\//.test(text)) return `is a URL, not a domain. ${write}`;
  if (text.includes("@")) return `is an address with an @, not a domain. ${write}`;
  if (/[/\\?#]/.test(text)) return `has a path. ${write} (A site in a subdirectory has a main domain of its own, too.)`;
  if (/^[^:]+:\d*$/.test(text)) return `has a port. ${write}`;
  if (text.includes("*")) {
    return "has a wildcard, and a site's main domain cannot. Write each site in a line of its own.";
  }
  if (/\S[\s,;]+\S/.test(text)) return "holds more than one word. Write one domain; each site is an entry of its own.";
  return undefined;
}

/**
 * Why a domain outside ASCII may be taken for another one, as the end of a sentence that begins with the value: letters
 * of several scripts in one label, a label that only looks like ASCII, characters that turn into others.
 */
function deceptiveLetters(text: string): string | undefined {
  for (const label of text.split(".")) {
    const compatibility = Array.from(label).find(
      (character) => isAscii(character.normalize("NFKC")) && !isAscii(character),
    );
    if (compatibility !== undefined) {
      return `contains ${quoted(compatibility)} (${codePoint(compatibility)}), which only looks like ${quoted(compatibility.normalize("NFKC"))}`;
    }
    const scripts = LOOKALIKE_SCRIPTS.filter(([, letter]) => letter.test(label)).map(([name]) => name);
    if (scripts.length > 1) return `mixes ${scripts.join(" and ")} letters in ${quoted(label)}`;
    const readsAs = Array.from(label, (letter) => LOOKALIKES.get(letter) ?? letter).join("");
    if (!isAscii(label) && isAscii(readsAs)) return `reads as ${quoted(readsAs)}, but has other letters`;
    const deviation = /[ßς]/.exec(label)?.[0];
    if (deviation !== undefined) {
      return `contains ${quoted(deviation)}, which older software turns into another domain`;
    }
  }
  return undefined;
}

const LOOKALIKE_SCRIPTS: [name: string, letter: RegExp][] = [
  ["Latin", /\p{Script=Latin}/u],
  ["Cyrillic", /\p{Script=Cyrillic}/u],
  ["Greek", /\p{Script=Greek}/u],
  ["Armenian", /\p{Script=Armenian}/u],
  ["Cherokee", /\p{Script=Cherokee}/u],
];

/** Lower-case letters that common fonts draw like an ASCII letter (the core of Unicode's confusables list). */
const LOOKALIKES = new Map(
  "аa сc ԁd еe һh іi јj ӏl оo рp ԛq ѕs ԝw хx уy үy οo αa νv ρp ιi υu κk օo սu հh ոn ɡg ɑa ıi"
    .split(" ")
    .map(([letter, ascii]) => [letter, ascii] as const),
) as ReadonlyMap<string, string>;

/** Not a regular expression, which would take quadratic time for a long run in the middle. */
function withoutTrailingDots(text: string): string {
  let end = text.length;
  while (end > 0 && /[\s.]/.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text);
}

/** `_hosting_valid_fqdn` in U-hosting hosting.inc, with the label length of RFC 1035. */
function isLabel(text: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
}

function isLabelList(text: string): boolean {
  return text.split(".").every(isLabel);
}
