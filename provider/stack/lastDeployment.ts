/** What the stack's last deployment granted, so that a change which takes too much away stops before its first write. */
import * as pulumi from "@pulumi/pulumi";
import { checksumOf, checksumsOf } from "../review/checksum";
import { differenceOf } from "../review/Difference";
import { EffectiveAccess } from "../review/EffectiveAccess";
import { grantsText, readGrants, UnreadableGrants } from "../review/Grants";
import { reviewOf } from "../review/RemovalLimit";
import { textRefusals, textReview } from "../review/textReview";
import { printable } from "../text/printable";

/** The output that holds the grants of a deployment: a secret, or plain text in the states of earlier releases. */
const OUTPUT = "grants";

const SHOWN_LINES = 20;

/**
 * Says who gains and who loses access since the last deployment, in a preview as in an update.
 * Ends the program if the change is refused; nothing has been registered by then.
 *
 * @returns the access that the last deployment granted, if there was one
 */
export async function compareWithLastDeployment(access: EffectiveAccess): Promise<EffectiveAccess | undefined> {
  const text = await lastGrants();
  const last = text === undefined ? undefined : await before(text, access);
  await refuseUnreviewed(last ?? new EffectiveAccess({ asOf: access.asOf, clients: [], sites: [] }), access);
  // The first deployment takes nothing from anybody whom it knows of.
  if (last === undefined) return undefined;
  if (grantsText(last) === grantsText(access, last)) return last;
  const review = { ...reviewOf(differenceOf(last, access)), checksums: checksumsOf(last, access) };
  if (review.refusals.length > 0) return refuse(textRefusals(review, { most: SHOWN_LINES }));
  await pulumi.log.info(textReview(review, { most: SHOWN_LINES }));
  return last;
}

/** The variable of the environment with the checksum that a review has shown, `BEFORE..AFTER`. */
const EXPECTED = "AEGIR_EXPECT";

/**
 * So that two changes, each reviewed alone, do not add up to one that nobody has seen. The access before is not compared: a
 * grant that failed in the last deployment must not hold up a revocation in this one.
 */
async function refuseUnreviewed(last: EffectiveAccess, access: EffectiveAccess): Promise<void> {
  const expected = process.env[EXPECTED];
  if (!expected) return;
  const found = checksumOf(access);
  if (expected.split("..").at(-1) === found) return;
  await refuse(
    `The access after this deployment would not be what was reviewed: ${EXPECTED} is ${printable(expected, 100)}, and the ` +
      `checksum here ends with ${found}. Nothing was deployed. Perhaps another change was merged that the review did not ` +
      "include. If the following is right, deploy without the variable; else review the manifest again:\n" +
      textReview(reviewOf(differenceOf(last, access)), { most: SHOWN_LINES }),
  );
}

/** The stack's own outputs, as the last deployment left them: a program sees no other part of the old state. */
async function lastGrants(): Promise<unknown> {
  const name = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  const details = await new pulumi.StackReference(name).getOutputDetails(OUTPUT);
  return (details.secretValue ?? details.value) as unknown;
}

async function before(text: unknown, { asOf, instance }: EffectiveAccess): Promise<EffectiveAccess> {
  try {
    return readGrants(text, asOf, instance);
  } catch (error) {
    if (!(error instanceof UnreadableGrants)) throw error;
    return refuse(
      `What the last deployment granted (its output ${OUTPUT}) cannot be read, so it is not known what this one takes away: ` +
        `${error.message}. Nothing was deployed. Was it made by a newer release of pulumi-aegir? Then deploy with that one.`,
    );
  }
}

/** The exit code by which the language host knows that the program has said why it ends (@pulumi/pulumi, cmd/run). */
const SAID_WHY = 32;

/**
 * Ends the program at once. An error thrown here would have the SDK (3.248) register the stack's outputs as empty, and so
 * forget what this compares with; and it never ends then.
 */
async function refuse(message: string): Promise<never> {
  await pulumi.log.error(message);
  process.exit(SAID_WHY);
}
