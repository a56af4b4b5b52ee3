/** Texts that must not be found anywhere, in whatever form they got there. */

/**
 * A secret as it may lie in a file, a log or a command line: as it is, with the escapes of JSON (also twice), hexadecimal, in
 * percent encoding, and in base64 at each of its three offsets.
 */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const escaped = JSON.stringify(secret).slice(1, -1);
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    // The first and the last characters depend on what stands beside it.
    const whole = (offset + bytes.length) % 3 === 0;
    return text.slice([0, 2, 3][offset], whole ? undefined : -1);
  });
  return [
    ...new Set([
      ...[secret, bytes.toString("latin1"), escaped, JSON.stringify(escaped).slice(1, -1)],
      ...[bytes.toString("hex"), bytes.toString("hex").toUpperCase(), encodeURIComponent(secret)],
      ...base64,
      ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
    ]),
  ];
}

/** Which of these secrets lie in one of the texts, in some form. */
export function foundIn(
  texts: readonly string[],
  secrets: Iterable<readonly [what: string, secret: string]>,
): string[] {
  return [...secrets]
    .filter(([, secret]) => formsOf(secret).some((form) => texts.some((text) => text.includes(form))))
    .map(([what]) => what);
}

/** What is secret of a key in PEM: its second line, enough to know it by, and never wrapped. */
export function keySecret(user: string, privateKey: string): [what: string, secret: string] {
  return [`the private key of ${user}`, privateKey.split("\n")[2]!];
}
