/** Rows 29 and 33 of the fault matrix with a whole engine: killed at a write that makes or removes something. */
import { describeKilledEngine } from "./killedEngine.suite";

describeKilledEngine(29, 33);
