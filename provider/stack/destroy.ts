/** What comes before a stack that `aegir:destroy` names is destroyed. */
import * as pulumi from "@pulumi/pulumi";
import type { Manifest } from "../manifest/Manifest";
import { differenceOf } from "../review/Difference";
import { EffectiveAccess } from "../review/EffectiveAccess";
import { reviewOf } from "../review/RemovalLimit";
import { textReview } from "../review/textReview";

/** @throws RunError if the manifest protects something, which would stop the destroy half way */
export function refuseProtected({ clients }: Manifest): void {
  const kept = clients.flatMap(({ internalName, protect, sites }) => [
    ...(protect ? [`the client ${internalName}`] : []),
    ...sites.filter((site) => site.protect).map(({ site }) => `the site ${site}`),
  ]);
  if (kept.length === 0) return;
  throw new pulumi.RunError(
    `The manifest protects ${kept.join(", ")}, so this stack cannot be destroyed. Nothing was done. Remove \`protect\` ` +
      "there, deploy that, and set aegir:destroy again. `pulumi config rm aegir:destroy` keeps the stack.",
  );
}

/** Says by names and numbers what a destroy takes. */
export async function warnOfDestroy(deployed: EffectiveAccess): Promise<void> {
  const { asOf, server, instance, removalLimit } = deployed;
  const nothing = new EffectiveAccess({ asOf, server, instance, removalLimit, clients: [], sites: [] });
  await pulumi.log.warn(
    "aegir:destroy names this stack, so `pulumi destroy --run-program` is not refused. This is what it takes:\n" +
      `${textReview({ ...reviewOf(differenceOf(deployed, nothing)), refusals: [], allowed: [] })}\n` +
      "To keep the stack, run `pulumi config rm aegir:destroy`.",
  );
}
