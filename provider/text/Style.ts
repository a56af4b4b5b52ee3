/** How text is set off where it is read on a terminal; elsewhere it stays as it is. */
export interface Style {
  bold: (text: string) => string;
  dim: (text: string) => string;
  red: (text: string) => string;
  green: (text: string) => string;
  yellow: (text: string) => string;
}

const set = (on: number, off: number) => (text: string) => `\x1b[${on}m${text}\x1b[${off}m`;
const plain = (text: string) => text;

const COLOURED: Style = {
  bold: set(1, 22),
  dim: set(2, 22),
  red: set(31, 39),
  green: set(32, 39),
  yellow: set(33, 39),
};
const PLAIN: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain };

/** Colour for terminals alone; node's `hasColors` respects NO_COLOR and TERM=dumb. */
export function styleFor(stream: NodeJS.WriteStream): Style {
  return stream.isTTY && stream.hasColors() ? COLOURED : PLAIN;
}
