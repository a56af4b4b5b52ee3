import { forgetLooks } from "../../provider/resources/driftLimit";
import { forgetNumbers } from "../../provider/resources/knownNumbers";
import { forgetDeclared } from "../../provider/resources/uniqueIdentities";

/** What a new provider process is to the resources: nothing is declared, and nothing was looked at. */
export function newProviderProcess(): void {
  forgetDeclared();
  forgetNumbers();
  forgetLooks();
}
