/** The anchors that a page of docs/ has by name: `<a id="password-age"></a>`. */
export function anchors(page: string): string[] {
  return [...page.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id]) => id!);
}
