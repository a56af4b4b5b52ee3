/** Mocha's own report, and after it what was not tested here, with what enables it. */
import Mocha from "mocha";
import { collectSkips } from "./skip";

class SummaryReporter extends Mocha.reporters.Spec {
  readonly #skips = collectSkips();

  override epilogue(): void {
    super.epilogue();
    for (const line of this.#skips()) console.log(line);
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
}

export = SummaryReporter;
