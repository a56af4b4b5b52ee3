import { setImmediate } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { allRegistered } from "../resources/allRegistered";
import type { ShellAccount } from "../resources/ShellAccount";

/** How the users of a client log in. */
export type Login = pulumi.Unwrap<ReturnType<typeof loginOf>>;

/**
 * The logins by client, as one secret: of an object with a secret in each login, Pulumi prints all the rest whenever one
 * of them changes (docs/pulumi.md#shown-outputs).
 */
export async function exportedLogins(
  accounts: ReadonlyMap<string, ShellAccount>,
): Promise<pulumi.Output<Record<string, Login>>> {
  const logins = [...accounts].map(([client, account]) => [client, loginOf(account)] as const);
  // What a preview does not know yet, it shows as unknown.
  if (pulumi.runtime.isDryRun()) return pulumi.secret(Object.fromEntries(logins));
  const known = new Map<string, Login>();
  for (const [client, login] of logins) {
    pulumi.output(login).apply((values) => {
      // Of an account that has failed nothing is known. It must not hide the others.
      if ((values as Partial<Login>).username !== undefined) known.set(client, values);
    });
  }
  await allRegistered([...accounts.values()]);
  // What the engine tells of a resource is known just after its URN, or not at all.
  await setImmediate();
  return pulumi.secret(Object.fromEntries(known));
}

function loginOf({ username, host, sshPort, ftpsPort, sshAcceptsPasswords, password }: ShellAccount) {
  return { username, host, sshPort, ftpsPort, sshAcceptsPasswords, password };
}
