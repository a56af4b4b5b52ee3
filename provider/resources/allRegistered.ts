import type * as pulumi from "@pulumi/pulumi";

/**
 * When the engine is done with all of these, whether they succeeded or not.
 *
 * What is declared then comes after them as with `dependsOn`, which is not used between resources that leave one by one:
 * `pulumi up --continue-on-error` skips what depends on something that failed, and still deletes what that depended on
 * before. The state then refers to nothing, and no operation reads it any more (seen with 3.248; pulumi/pulumi#16720).
 * It is also what is wanted: a grant that fails holds up neither the handover of a site nor the rotation of a password.
 */
export async function allRegistered(resources: pulumi.Resource[]): Promise<void> {
  // A URN is known as soon as the engine has answered, whatever it has answered (@pulumi/pulumi, runtime/resource).
  await Promise.all(resources.map(({ urn }) => new Promise((resolve) => urn.apply(resolve))));
}
