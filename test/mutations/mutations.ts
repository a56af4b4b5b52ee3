/** All deliberate breaks, by the room of the provider that they are in. */
import { aegir } from "./aegir";
import type { Mutation } from "./Mutation";
import { resources } from "./resources";
import { review } from "./review";
import { ssh } from "./ssh";
import { worker } from "./worker";

export const mutations: readonly Mutation[] = [...ssh, ...worker, ...aegir, ...resources, ...review];
