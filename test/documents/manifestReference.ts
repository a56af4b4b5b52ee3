/** The page that explains every field of a manifest, from the JSON Schema that editors read. */
import { join } from "node:path";
import { manifestJsonSchema } from "../../provider/manifest/jsonSchema";
import { type Schema, sections } from "./schemaTables";

export const MANIFEST_REFERENCE = join(__dirname, "..", "..", "provider", "docs", "manifest.md");

export function manifestReference(): string {
  return `${HEADING}\n${sections(manifestJsonSchema() as Schema).join("\n")}`;
}

const HEADING = `# The manifest, field by field

This page is generated from the schema for editors (\`access.schema.json\`). To check a manifest, run \`aegir-access lint\`: it also checks
rules between entries, and shows problems with file, line and caret.

\`\`\`yaml
version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites:
      - www.acme.example
      - { site: shop.acme.example, takeOverFrom: beta }
    users:
      - alice
      - { name: bob, expires: 2027-01-31, reason: relaunch, createUser: { email: bob@acme.example, welcomeMail: true } }
    shellAccount: { rotation: "2026-07" }
\`\`\`
`;
