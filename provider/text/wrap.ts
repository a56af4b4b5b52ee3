/** The words of a text in lines of at most `width` code points; a single word may be longer. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let room = 0;
  for (const word of text.split(" ")) {
    const length = Array.from(word).length;
    if (lines.length > 0 && length < room) {
      lines[lines.length - 1] += ` ${word}`;
      room -= length + 1;
    } else {
      lines.push(word);
      room = width - length;
    }
  }
  return lines;
}

/** Wrapped lines of which the first begins with a mark, and the others are indented by as much. */
export function hangingIndent(text: string, width: number, mark: string): string[] {
  const indent = " ".repeat(mark.length);
  return wrap(text, width - mark.length).map((line, index) => (index === 0 ? mark : indent) + line);
}
