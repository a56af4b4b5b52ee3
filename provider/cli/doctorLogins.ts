/** `aegir-access doctor --logins`: whether the declared logins let their holders in. */
import { type FtpsHandshake, ftpsHandshake } from "../aegir/ftpsHandshake";
import { loginAddress } from "../aegir/loginAddress";
import { type LoginTrial, tryLogins } from "../aegir/loginTrials";
import { plural } from "../text/Phrase";
import { printable } from "../text/printable";
import type { Style } from "../text/Style";
import { twoColumns } from "../text/twoColumns";
import type { CommandContext } from "./Command";
import { declaredManifest } from "./manifestOptions";
import { type ServerOptions, withServer } from "./serverOptions";

const WIDTH = 98;

export interface LoginsFacts {
  trials: LoginTrial[];
  /** Null if there was nothing to try. */
  ftps: FtpsHandshake | null;
}

export async function examineLogins(
  operand: string | undefined,
  options: ServerOptions,
  context: CommandContext,
): Promise<LoginsFacts> {
  const { manifest, servers } = declaredManifest(operand, options, context);
  return withServer(servers, manifest.server, context, async (server) => {
    // Says what is missing if this server has no accounts.
    void server.passwordFiles;
    const logins = manifest.clients.flatMap(({ internalName, shellAccount }) =>
      shellAccount ? [server.loginOf(internalName)] : [],
    );
    if (logins.length === 0) return { trials: [], ftps: null };
    context.warn(
      `Logging in as ${plural(logins.length, "shell account")}, once each. BOA blocks an address after a few rejected passwords, ` +
        "so the first refusal ends this.",
    );
    const { host, ftpsPort } = loginAddress(server.configuration);
    return { trials: await tryLogins(server, logins), ftps: await ftpsHandshake(host, ftpsPort) };
  });
}

/** False if a person who has the password of the server would not get in. */
export function allWork({ trials, ftps }: LoginsFacts): boolean {
  return trials.every(({ outcome }) => outcome === "works") && (ftps?.problem ?? null) === null;
}

const SAYS: Record<LoginTrial["outcome"], string> = {
  works: "works",
  expired: "expired: no login works, with a key either, until the password is rotated",
  changedByHolder: "changed by its holder, so not tried with the password of the file",
  refused: "refused: its holder may have changed the password",
  missing: "has no password file",
  failed: "failed",
  notTried: "not tried",
};

export function loginsReport({ trials, ftps }: LoginsFacts, style: Style): string {
  if (ftps === null) return "The manifest declares no logins.";
  const rows = [
    ...trials.map(({ login, outcome, why }): [string, string] => [login, `${SAYS[outcome]}${why && ` (${why})`}`]),
    ["FTPS", ftps.problem ?? `${ftps.protocol}, certificate for ${ftps.certificate || "no name"}; no login was sent`],
  ] as [string, string][];
  const shown = rows.map(([title, text]) => [title, printable(text, 1000)] as const);
  return [style.bold("Logins"), ...twoColumns(shown, WIDTH).map((line) => `  ${line}`)].join("\n");
}
