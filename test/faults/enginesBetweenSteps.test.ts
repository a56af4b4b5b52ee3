/** Row 31 of the fault matrix with a whole engine: killed between two steps of one change. */
import { describeKilledEngine } from "./killedEngine.suite";

describeKilledEngine(31);
