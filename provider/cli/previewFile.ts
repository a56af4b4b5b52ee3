import { readFileSync } from "node:fs";
import { ZodError } from "zod";
import { accessOfPreview, IncompletePreview, type PreviewedAccess } from "../review";
import { printable } from "../text/printable";
import { UsageError } from "./Command";
import { contentOf } from "./manifestOptions";

/** What `pulumi preview --json` printed into a file.
 *
 * @throws UsageError for a file that is not a complete preview
 */
export function readPreview(file: string, asOf: string, directory: string): PreviewedAccess[] {
  const bytes = contentOf(file, directory, (path) => readFileSync(path));
  try {
    return accessOfPreview(JSON.parse(Buffer.from(bytes).toString()), asOf);
  } catch (error) {
    if (error instanceof IncompletePreview) {
      throw new UsageError(`${printable(file)}: ${printable(error.message, 4000)}`);
    }
    if (!(error instanceof SyntaxError || error instanceof ZodError)) throw error;
    throw new UsageError(
      `${printable(file)} is not what \`pulumi preview --json\` prints: ${printable(error.message.split("\n")[0]!)}`,
    );
  }
}
