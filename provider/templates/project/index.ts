import { accessStack } from "pulumi-aegir/stack";

export = accessStack();
