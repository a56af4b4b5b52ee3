/**
 * Pulumi's own provider (`pulumi:providers:pulumi::default`), of which only stack references are known: the outputs of
 * a stack in the same state directory, the present one included, as they were when it was last deployed.
 * Source: pkg/resource/deploy/builtins.go of pulumi/pulumi.
 */
import { containsSecrets, PropertyMap } from "./PropertyValue";
import { ConfigurableProvider } from "./ProviderRegistry";
import { CheckResult, DiffResult, ReadResult, ResourceIdentity } from "./ResourceProvider";

export class BuiltinProvider implements ConfigurableProvider {
  /** @param outputsOf by the name in the reference: `<stack>`, or `<organization>/<project>/<stack>` */
  constructor(private readonly outputsOf: (stackName: string) => Promise<PropertyMap>) {}

  async read(
    _identity: ResourceIdentity,
    id: string,
    _inputs: PropertyMap | undefined,
    state: PropertyMap | undefined,
  ): Promise<ReadResult> {
    const name = state?.["name"];
    const outputs = await this.outputsOf(typeof name === "string" ? name : id);
    const secretOutputNames = Object.keys(outputs)
      .filter((key) => containsSecrets(outputs[key] ?? null))
      .sort();
    return {
      id,
      outputs: {
        name: name ?? id,
        outputs,
        secretOutputNames,
      },
      inputs: undefined,
    };
  }

  check(_identity: ResourceIdentity, _olds: PropertyMap, inputs: PropertyMap): Promise<CheckResult> {
    return Promise.resolve({ inputs, failures: [] });
  }

  diff(): Promise<DiffResult> {
    return Promise.resolve({ changes: "none", replaceKeys: [], changedKeys: [], deleteBeforeReplace: false });
  }

  create(identity: ResourceIdentity): Promise<never> {
    return this.refuse(identity);
  }

  update(identity: ResourceIdentity): Promise<never> {
    return this.refuse(identity);
  }

  delete(identity: ResourceIdentity): Promise<never> {
    return this.refuse(identity);
  }

  async configure(): Promise<void> {}

  async close(): Promise<void> {}

  kill(): void {}

  private refuse({ type, name }: ResourceIdentity): Promise<never> {
    return Promise.reject(new Error(`${type} "${name}" can only be read`));
  }
}
