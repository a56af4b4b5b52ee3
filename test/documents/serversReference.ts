/** The part of servers.md that explains every field of `aegir:servers`, from the JSON Schema that editors read. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SERVERS_KEY } from "../../provider/aegir/ServerConfiguration";
import { serversJsonSchema } from "../../provider/aegir/serversJsonSchema";
import { replacedPart } from "./replacedPart";
import { type Schema, sections } from "./schemaTables";

export const SERVERS_PAGE = join(__dirname, "..", "..", "provider", "docs", "servers.md");

/** The page, with its marked part as it should be now. */
export function serversPage(): string {
  const servers = (serversJsonSchema() as Schema).properties!["config"]!.properties![SERVERS_KEY]!;
  const tables = sections(servers.additionalProperties as Schema, "###")
    .join("\n")
    .trimEnd();
  return replacedPart(readFileSync(SERVERS_PAGE, "utf8"), "reference", tables);
}
