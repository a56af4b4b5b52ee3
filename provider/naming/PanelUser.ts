import { z } from "zod";
import { quoted } from "../text/quoted";
import { codePoint, INVISIBLE } from "../text/unsafe";
import { rawName, spellingProblems } from "./SpelledName";

/** `USERNAME_MAX_LENGTH` and `EMAIL_MAX_LENGTH` of Drupal 7. */
export const MAXIMUM_USER_NAME_LENGTH = 60;
export const MAXIMUM_MAIL_LENGTH = 254;

/**
 * Problems of a panel user's name: the rules of `user_validate_name` in Drupal 7's user.module, and that what could be taken
 * for another name is spelled out.
 */
export function userNameProblems(written: string): string[] {
  const problems = drupalProblems(rawName(written));
  return problems.length > 0 ? problems : spellingProblems(written, "The user's name");
}

function drupalProblems(value: string): string[] {
  if (value.trim() === "") {
    return ["The user's name is empty. Write the name that the person logs in to the panel with."];
  }
  const length = Array.from(value).length;
  if (length > MAXIMUM_USER_NAME_LENGTH) {
    return [
      `The user's name ${quoted(value)} is ${length} characters long where Drupal allows ${MAXIMUM_USER_NAME_LENGTH}. ` +
        "Write the name that the person logs in to the panel with.",
    ];
  }
  const problems: string[] = [];
  if (value === "0") problems.push('The user\'s name "0" counts as empty in Drupal. Write another name.');
  const tidy = value.trim().replace(/ {2,}/g, " ");
  if (value !== tidy) {
    problems.push(
      `The user's name ${quoted(value)} begins or ends with a space, or has several in a row, which Drupal does not allow. ` +
        `Write ${quoted(tidy)}.`,
    );
  }
  const illegal = ILLEGAL_IN_USER_NAME.exec(tidy)?.[0];
  if (illegal !== undefined) {
    problems.push(
      `The user's name ${quoted(value)} contains ${INVISIBLE.test(illegal) ? codePoint(illegal) : quoted(illegal)}, which Drupal does not allow. ` +
        "Write the name with letters, digits, spaces and . - _ ' @ + only.",
    );
  }
  return problems;
}

/** The key by which user names are compared: Drupal's unique key does not see case in MySQL's usual collation. */
export function userNameKey(value: string): string {
  return rawName(value).trim().toLowerCase();
}

/** ASCII other than the allowed characters; invisible ones; full-width Latin; the replacement characters. */
const ILLEGAL_IN_USER_NAME = new RegExp(
  `(?![ a-z0-9@+_.'-])[\\x00-\\x7f]|[\\u{ff01}-\\u{ff60}\\u{fff9}-\\u{fffd}]|${INVISIBLE.source}`,
  "iu",
);

const MAIL_ADDRESS = z.email();

/** Problems of a mail address: plain `name@domain`, at most 254 characters. */
export function mailProblems(value: string): string[] {
  if (value.trim() === "") return ["The mail address is empty. Write one, for example it@acme.example."];
  if (value.length > MAXIMUM_MAIL_LENGTH) {
    return [
      `The mail address ${quoted(value)} is ${value.length} characters long where Drupal allows ${MAXIMUM_MAIL_LENGTH}. Write a shorter one.`,
    ];
  }
  if (!MAIL_ADDRESS.safeParse(value).success) {
    return [
      `${quoted(value)} is not a mail address. Write it plainly, without a display name or spaces, for example it@acme.example.`,
    ];
  }
  return [];
}

/** The key by which mail addresses are compared: `users.mail` is looked up without regard to case. */
export function mailKey(value: string): string {
  return value.trim().toLowerCase();
}
