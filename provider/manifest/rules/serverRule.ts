import { quoted } from "../../text/quoted";
import { closest } from "../closest";
import type { ManifestEntries } from "../ManifestEntries";
import type { ManifestOptions, ServerNaming } from "../ManifestOptions";
import type { Report } from "../SourceText";

/** The naming of the server that the manifest is about. A server that is missing or not configured is reported. */
export function selectServer(
  { start, server, settings }: ManifestEntries,
  options: ManifestOptions,
  report: Report,
): ServerNaming {
  const { servers } = options;
  if (servers === undefined) return options;
  const names = Object.keys(servers);
  const configured = `The stack configures ${names.join(", ") || "none"}.`;
  if (server === undefined) {
    if (names.length !== 1 && !settings.has("server")) {
      report(start, "missingServer", `server is missing. Write the name of the configured server. ${configured}`);
    }
    return servers[names[0] ?? ""] ?? {};
  }
  if (!names.includes(server.text)) {
    const meant = closest(server.text, names);
    report(
      server,
      "unknownServer",
      `No server ${quoted(server.text)} is configured.${meant ? ` Did you mean ${meant}?` : ""} ${configured}`,
    );
  }
  return servers[server.text] ?? {};
}
