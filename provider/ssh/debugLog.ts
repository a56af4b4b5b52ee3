import { debuglog } from "node:util";

/**
 * With `NODE_DEBUG=aegir` in the environment: what goes to a server and comes back, as lines on standard error
 * (https://nodejs.org/api/util.html#utildebuglogsection-callback). Names and times, never contents: what a request
 * carries and what a server answers may be secret.
 */
export const debugLog = debuglog("aegir");
