/** The door `pulumi-aegir/stack`: the whole program of an access manifest. */
export { accessStack, type AccessOutputs } from "./accessStack";
export type { Login } from "./logins";
