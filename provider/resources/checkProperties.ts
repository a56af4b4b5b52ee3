/** Finds everything that is wrong with a resource's inputs, so that one preview reports all of it. */
import { type InputsOf, problemsOf, type Properties } from "./properties";
import type { CheckFailure } from "./ResourceHandlers";
import { type SelectedServer, selectServer } from "./selectServer";

export interface Check<P extends Properties> {
  /** As declared, without nulls, and with the server's name. */
  inputs: Partial<InputsOf<P>>;
  server: SelectedServer | undefined;
  failures: CheckFailure[];
}

/** @param through what the server must be configured with: for most resources, a connection that runs Drush */
export function checkProperties<P extends Properties>(
  properties: P,
  news: object,
  through: "drush" | "accounts" = "drush",
): Check<P> {
  // A property that is null, as an output of another stack may be, is not declared.
  const inputs = Object.fromEntries(Object.entries(news).filter(([, value]) => value !== null));
  const { server, problems } = selectServer(inputs["server"], through);
  if (server) inputs["server"] = server.name;
  const { clientPrefix = "", accounts } = server?.configuration ?? {};
  const found = problemsOf(properties, inputs, { clientPrefix, shellLogins: accounts !== undefined });
  const failures = Object.entries({ server: problems, ...found }).flatMap(([property, reasons]) =>
    reasons.map((reason) => ({ property, reason })),
  );
  return { inputs: inputs as Check<P>["inputs"], server, failures };
}
