import { quoted } from "../text/quoted";
import { shellAccountNameProblems } from "./ShellAccountName";

/** `HOSTING_CLIENT_MAX_GROUP_LENGTH`: the longest internal name, its prefix included. */
export const MAXIMUM_INTERNAL_NAME_LENGTH = 16;

/** The form of an internal name. Whether a server stores it as it is written depends on its prefix. */
export const INTERNAL_NAME_PATTERN = /^[a-z0-9_]{1,16}$/;

export function isInternalName(value: string): boolean {
  return INTERNAL_NAME_PATTERN.test(value);
}

/**
 * What Aegir makes of a client's title, or of an internal name ("uname"), on every insert and every update of a client
 * node: `hosting_client_sanitize` (docs/aegir.md#internal-name). The result may be empty, and it may be no valid
 * internal name if the prefix is none.
 *
 * @param clientPrefix the server's variable `hosting_client_prefix`
 */
export function deriveInternalName(name: string, clientPrefix = ""): string {
  const bytes = Buffer.from(name, "utf8").toString("latin1");
  const cleaned = withoutPrefix(bytes, clientPrefix).replace(/[^A-Za-z0-9_]/g, "");
  return lowerCase(clientPrefix + cleaned).slice(0, MAXIMUM_INTERNAL_NAME_LENGTH);
}

/**
 * Problems of a declared internal name; empty if Aegir stores it as it is written and a shell account can carry it.
 *
 * @param clientPrefix the server's variable `hosting_client_prefix`
 * @param shellLogins whether the server makes shell logins of internal names, as BOA does
 */
export function internalNameProblems(value: string, clientPrefix = "", shellLogins = true): string[] {
  const loginProblems = shellLogins ? shellAccountNameProblems : () => [];
  if (value === "") return ["The internal name is empty. Write 1 to 16 characters of a-z, 0-9 and _."];
  if (value === "0") return ['The internal name "0" counts as empty in Aegir. Write a name with a letter in it.'];

  const stored = deriveInternalName(value, clientPrefix);
  if (stored === value && /^[a-z0-9_]+$/.test(value)) return loginProblems(value);

  if (deriveInternalName(stored, clientPrefix) !== stored || !/^[a-z0-9_]*$/.test(stored)) {
    return [
      `No internal name is stable on a server whose client prefix (hosting_client_prefix) is ${quoted(clientPrefix)}: ` +
        `Aegir would store ${quoted(stored)} for ${quoted(value)}, and something else at the next change. ` +
        "Give the server a prefix of a-z, 0-9 and _, and configure the same one here.",
    ];
  }

  const wrong: string[] = [];
  if (/[A-Z]/.test(value)) wrong.push("has capital letters");
  if (/[^A-Za-z0-9_]/.test(value)) wrong.push("has characters other than a-z, 0-9 and _");
  const length = Array.from(value).length;
  if (length > MAXIMUM_INTERNAL_NAME_LENGTH) wrong.push(`is ${length} characters long where 16 are allowed`);
  else if (lowerCase(value).replace(/[^a-z0-9_]/g, "") !== stored) {
    wrong.push(`does not begin with the server's client prefix ${quoted(clientPrefix)}`);
  }

  const usable = stored !== "" && stored !== "0" && loginProblems(stored).length === 0;
  const instead = usable ? `Write ${quoted(stored)}, or another name by these rules.` : "Write another name.";
  return [
    `The internal name ${quoted(value)} ${joined(wrong)}. ` + `Aegir would store ${quoted(stored)} instead. ${instead}`,
  ];
}

/** Aegir puts the prefix into a regular expression unescaped; an invalid one leaves nothing of the name. */
function withoutPrefix(name: string, clientPrefix: string): string {
  if (clientPrefix.includes("/")) return "";
  try {
    return name.replace(new RegExp(`^${clientPrefix}`), "");
  } catch {
    return "";
  }
}

/** PHP's strtolower: ASCII only. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function joined(parts: string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;
}
