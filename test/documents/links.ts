/** The links of a Markdown file to files of this repository or of its own directory, and whether they lead anywhere. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { repository } from "pulumi-aegir/package.json";
import { anchors } from "./anchors";

const root = join(__dirname, "..", "..");
const published = `${repository.url.replace(/^git\+|\.git$/g, "")}/blob/HEAD/`;

/** The links, outside code, that lead to no file or to no heading of a file. */
export function brokenLinks(file: string): string[] {
  const prose = readFileSync(file, "utf8").replace(/^```.*?^```$/gms, "");
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
  return links.filter((link) => {
    const isPublished = link.startsWith(published);
    if (/^\w+:/.test(link) && !isPublished) return false;
    const [path, heading] = (isPublished ? link.slice(published.length) : link).split("#");
    const target = path === "" ? file : resolve(isPublished ? root : dirname(file), path!);
    return !existsSync(target) || (heading !== undefined && !headings(target).includes(heading));
  });
}

/** The anchors that GitHub makes of the headings of a document, and those that it has by name. */
function headings(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const made = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
  return [...made, ...anchors(text)];
}
