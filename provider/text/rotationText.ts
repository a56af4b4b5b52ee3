import { plural } from "./Phrase";

/** What BOA does to rotate a password: sentences without the last full stop. */
export function rotationText(keysAreDeclared: boolean): string {
  const keys = keysAreDeclared ? ". The declared keys are put back before the deployment is done" : "";
  return `BOA deletes the account with its home and SSH keys and creates it again, which takes minutes. Open sessions keep the old account until they end${keys}`;
}

/** The age of a password, as a clause that follows the name of its login. */
export function passwordAgeText(days: number): string {
  return `its password is ${plural(days, "day")} old`;
}

/** When a password that is old enough is rotated, to follow its age. @param window undefined: at any time */
export function whenRotatedText(window: string | undefined): string {
  return window === undefined ? " and will be rotated" : `; it will be rotated by a deployment between ${window} UTC`;
}
