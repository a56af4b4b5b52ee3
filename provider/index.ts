/** The only door of the package `pulumi-aegir`. */
export { AegirClient, type AegirClientArgs, type AegirClientOnDestroy } from "./resources/AegirClient";
export { ClientUserBinding, type ClientUserBindingArgs, type CreateUser } from "./resources/ClientUserBinding";
export { refuseDestroy } from "./resources/destroyGuard";
export { ShellAccount, type ShellAccountArgs } from "./resources/ShellAccount";
export { SiteOwnership, type SiteOwnershipArgs } from "./resources/SiteOwnership";
export { drushLine } from "./aegir/Drush";
