/** Declares what `access.yaml` says, shows who gains and who loses access, and refuses what takes away too much. */
import { accessStack } from "pulumi-aegir/stack";

export = accessStack();
