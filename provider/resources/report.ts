/**
 * What a reviewer must see beyond a property that changes. Standard output of the provider process is the only channel
 * that a dynamic provider has in a preview (docs/pulumi.md#messages); Pulumi shows each line under the stack's
 * diagnostics.
 */
import { printable } from "../text/printable";

/** Prints one line about one resource. `text` may quote the server, and is made safe to show here. */
export function report(id: string, text: string): void {
  console.log(`${printable(id)}: ${printable(text, 1000)}`);
}
