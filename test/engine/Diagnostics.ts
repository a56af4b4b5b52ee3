/** What the engine, the program and the provider have to say, each message under the resource it is about. */

export type Severity = "info" | "warning" | "error";

export interface Diagnostic {
  /** Empty: about the operation as a whole. */
  urn: string;
  severity: Severity;
  message: string;
}

export class Diagnostics {
  private readonly collected: Diagnostic[] = [];

  constructor(private readonly onDiagnostic: (diagnostic: Diagnostic) => void = () => {}) {}

  info(urn: string, message: string): void {
    this.add({ urn, severity: "info", message });
  }

  warning(urn: string, message: string): void {
    this.add({ urn, severity: "warning", message });
  }

  error(urn: string, message: string): void {
    this.add({ urn, severity: "error", message });
  }

  get all(): readonly Diagnostic[] {
    return this.collected;
  }

  private add(diagnostic: Diagnostic): void {
    this.collected.push(diagnostic);
    this.onDiagnostic(diagnostic);
  }
}

/** As the CLI prints it: `warning: ...`; a line that was merely printed by somebody comes without a prefix. */
export function formatDiagnostic({ severity, message }: Diagnostic): string {
  return severity === "info" ? message : `${severity}: ${message}`;
}
