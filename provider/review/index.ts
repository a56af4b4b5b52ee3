/** The door `pulumi-aegir/review`: who reaches which site, what a change of it takes and gives, and what it may not take. */
export { accessPage } from "./accessPage";
export type { Advisory } from "./Advisory";
export type { AccessChange, Cause, GrantCounts, Rename, Who } from "./AccessChange";
export { isRefused, reviewOf, type Refusal, type Review, type ReviewedAccessTests } from "./RemovalLimit";
export { readLastUses, UnreadableLastUses } from "./auditedLastUse";
export { checksumsOf } from "./checksum";
export { differenceOf, type Difference } from "./Difference";
export {
  EffectiveAccess,
  personByMail,
  personByName,
  type AccessClient,
  type AccessParts,
  type AccessSite,
  type Binding,
  type Person,
  type Way,
} from "./EffectiveAccess";
export { accessOfInventory, type LiveAccess, type LiveUser } from "./fromInventory";
export { accessOfManifest } from "./fromManifest";
export { accessOfPreview, IncompletePreview, type PreviewedAccess } from "./fromPreview";
export { grantsText, readGrants, UnreadableGrants } from "./Grants";
export { jsonAccess, jsonReview } from "./jsonReview";
export type { LastUse, PanelTimes } from "./lastUse";
export { COMMENT_MARK, markdownReview } from "./markdownReview";
export { textRefusals, textReview, type TextOptions } from "./textReview";
