/** All deliberate breaks, by the room of the provider that they are in. */
import { aegir } from "./aegir";
import { parseMutation } from "./Mutation";
import { organisation } from "./organisation";
import { resources } from "./resources";
import { review } from "./review";
import { ssh } from "./ssh";
import { worker } from "./worker";

export const mutations = [...ssh, ...worker, ...aegir, ...resources, ...review, ...organisation].map(parseMutation);
