/**
 * The gRPC server that the program talks to: the services `ResourceMonitor` (what resources there should be) and
 * `Engine` (logs) on one port. It decodes, refuses by name what this engine does not know, and hands over the rest.
 * Source: pkg/resource/deploy/source_eval.go of pulumi/pulumi.
 */
import * as grpc from "@grpc/grpc-js";
import { EngineService, type IEngineServer } from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as engine from "@pulumi/pulumi/proto/engine_pb";
import { type IResourceMonitorServer, ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as resource from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { messageLimits } from "./DynamicProvider";
import { fromStruct, type PropertyMap, toStruct } from "./properties";
import type { ResourceHook } from "./ResourceHooks";
import type { ResourceState } from "./ResourceState";
import type { Goal } from "./StepGenerator";
import type { RegistrationResult, Say, Severity } from "./steps";
import { dynamicPackage, isProviderType, packageOf, stackReferenceType, stackType } from "./Urn";

/** What the monitor hands over. */
export interface MonitorEvents {
  register(goal: Goal): Promise<RegistrationResult>;
  read(goal: Goal): Promise<RegistrationResult>;
  registerOutputs(urn: string, outputs: PropertyMap): Promise<void>;
  /** The program has nothing more to say, and waits until everything is done. */
  finished(): Promise<void>;
  registerHook(hook: ResourceHook): void;
  /** The reference of the default provider of a package. */
  defaultProvider(packageName: string): Promise<string>;
}

/**
 * Where the SDK is told "no", it does the work itself: it turns resources into their ids, and aliases into URNs. Of
 * everything else it is told "yes", since it would otherwise ask the user for a newer CLI; what this engine does not
 * know is refused here.
 */
const leftToTheSdk = new Set(["aliasSpecs", "resourceReferences", "outputValues"]);

const needsCli =
  "is not known to the in-process engine, which serves tests and the demo: run the program with the Pulumi CLI";

export class ResourceMonitor {
  readonly #server = new grpc.Server(messageLimits);
  #rootUrn = "";
  #closed = false;
  /** Answers that a program still waits for when the monitor is closed. */
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly events: MonitorEvents,
    private readonly say: Say,
  ) {
    this.#server.addService(ResourceMonitorService, this.#resourceMonitorService());
    this.#server.addService(EngineService, this.#engineService());
  }

  /** @returns the address */
  listen(): Promise<string> {
    return new Promise((listening, failed) => {
      this.#server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
        error === null ? listening(`127.0.0.1:${port}`) : failed(error),
      );
    });
  }

  /** Whoever still waits for an answer is told that there will be none; the SDK then ends without a word. */
  closeToProgram(): void {
    this.#closed = true;
    this.#waiting.forEach((refuse) => refuse());
    this.#waiting.clear();
  }

  close(): void {
    this.closeToProgram();
    this.#server.forceShutdown();
  }

  /** The URN of the stack, once the program has registered it. */
  get root(): string {
    return this.#rootUrn;
  }

  #resourceMonitorService(): IResourceMonitorServer {
    return {
      supportsFeature: (call, answer) => {
        const response = new resource.SupportsFeatureResponse();
        response.setHassupport(!leftToTheSdk.has(call.request.getId()));
        answer(null, response);
      },
      registerResource: (call, answer) => this.#answer(answer, () => this.#registerResource(call.request)),
      readResource: (call, answer) => this.#answer(answer, () => this.#readResource(call.request)),
      registerResourceOutputs: ({ request }, answer) =>
        this.#answer(answer, async () => {
          await this.events.registerOutputs(request.getUrn(), fromStruct(request.getOutputs()));
          return new Empty();
        }),
      signalAndWaitForShutdown: (_call, answer) =>
        this.#answer(answer, async () => {
          await this.events.finished();
          return new Empty();
        }),
      invoke: (call, answer) => unknownTo(answer, `the function ${call.request.getTok()}`),
      call: (call, answer) => unknownTo(answer, `the method ${call.request.getTok()}`),
      registerStackTransform: (_call, answer) => unknownTo(answer, "a stack transform"),
      registerStackInvokeTransform: (_call, answer) => unknownTo(answer, "an invoke transform"),
      registerResourceHook: ({ request }, answer) =>
        this.#answer(answer, () => {
          this.events.registerHook({
            name: request.getName(),
            target: request.getCallback()?.getTarget() ?? "",
            token: request.getCallback()?.getToken() ?? "",
            onDryRun: request.getOnDryRun(),
          });
          return Promise.resolve(new Empty());
        }),
      registerErrorHook: (_call, answer) => unknownTo(answer, "an error hook"),
      registerPackage: (_call, answer) => unknownTo(answer, "a parameterized package"),
      getDeploymentInfo: (_call, answer) => unknownTo(answer, "getDeploymentInfo"),
    };
  }

  #engineService(): IEngineServer {
    return {
      log: (call, answer) => {
        this.#log(call.request);
        answer(null, new Empty());
      },
      getRootResource: (_call, answer) => {
        const response = new engine.GetRootResourceResponse();
        response.setUrn(this.#rootUrn);
        answer(null, response);
      },
      setRootResource: (call, answer) => {
        this.#rootUrn = call.request.getUrn();
        answer(null, new engine.SetRootResourceResponse());
      },
      startDebugging: (_call, answer) => answer(null, new Empty()),
      requirePulumiVersion: (_call, answer) => unknownTo(answer, "requirePulumiVersion"),
    };
  }

  /** Answers with what comes, or that the monitor is closed if that comes first. */
  #answer<Response>(send: grpc.sendUnaryData<Response>, work: () => Promise<Response>): void {
    const refuse = (): void =>
      send({
        code: grpc.status.UNAVAILABLE,
        details: "resource monitor shut down while waiting on step's done channel",
      });
    if (this.#closed) {
      refuse();
      return;
    }
    this.#waiting.add(refuse);
    work().then(
      (response) => this.#waiting.delete(refuse) && send(null, response),
      (error: Error) =>
        this.#waiting.delete(refuse) && send({ code: grpc.status.INVALID_ARGUMENT, details: error.message }),
    );
  }

  async #registerResource(request: resource.RegisterResourceRequest): Promise<resource.RegisterResourceResponse> {
    const type = request.getType();
    const isCustom = request.getCustom();
    const isKnown = isCustom
      ? packageOf(type) === dynamicPackage && !isProviderType(type)
      : type === stackType || !request.getRemote();
    if (!isKnown) throw new Error(`the resource type ${type} (of "${request.getName()}") ${needsCli}`);
    refuseUnknownOptions(request);
    const { state, result } = await this.events.register({
      type,
      name: request.getName(),
      custom: isCustom,
      parent: request.getParent(),
      inputs: fromStruct(request.getObject()),
      provider: isCustom ? await this.events.defaultProvider(dynamicPackage) : "",
      dependencies: request.getDependenciesList(),
      propertyDependencies: propertyDependenciesOf(request),
      protect: request.getProtect() ?? false,
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      aliases: request.getAliasurnsList(),
      resourceHooks: hooksOf(request),
    });
    const response = new resource.RegisterResourceResponse();
    response.setUrn(state.urn);
    response.setId(state.id);
    // The outputs of a component are said by the program itself, later.
    response.setObject(toStruct(isCustom ? state.outputs : {}));
    const { SUCCESS: success, FAIL: failed, SKIP: skipped } = resource.Result;
    response.setResult({ success, failed, skipped }[result]);
    return response;
  }

  async #readResource(request: resource.ReadResourceRequest): Promise<resource.ReadResourceResponse> {
    const type = request.getType();
    if (type !== stackReferenceType && packageOf(type) !== dynamicPackage) {
      throw new Error(`the resource type ${type} (of "${request.getName()}") ${needsCli}`);
    }
    const { state } = await this.events.read({
      id: request.getId(),
      type,
      name: request.getName(),
      custom: true,
      parent: request.getParent(),
      inputs: fromStruct(request.getProperties()),
      provider: await this.events.defaultProvider(packageOf(type)),
      dependencies: request.getDependenciesList(),
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    });
    const response = new resource.ReadResourceResponse();
    response.setUrn(state.urn);
    response.setProperties(toStruct(state.outputs));
    return response;
  }

  #log(request: engine.LogRequest): void {
    if (this.#closed) return;
    const urn = request.getUrn() === "" ? this.#rootUrn : request.getUrn();
    const severity = severities[request.getSeverity()];
    if (severity !== undefined) this.say(urn, severity, request.getMessage());
  }
}

/** Everything but what is meant for a debugger. */
const severities: Partial<Record<engine.LogSeverity, Severity>> = {
  [engine.LogSeverity.INFO]: "info",
  [engine.LogSeverity.WARNING]: "warning",
  [engine.LogSeverity.ERROR]: "error",
};

function unknownTo(answer: grpc.sendUnaryData<never>, what: string): void {
  answer({ code: grpc.status.UNIMPLEMENTED, details: `${what} ${needsCli}` });
}

function refuseUnknownOptions(request: resource.RegisterResourceRequest): void {
  const hooks = Object.entries(request.getHooks()?.toObject() ?? {});
  const otherHooks = hooks.filter(([when]) => when !== "beforeCreateList" && when !== "beforeDeleteList");
  const unknown = {
    customTimeouts: Object.values(request.getCustomtimeouts()?.toObject() ?? {}).some((timeout) => timeout !== ""),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    deletedWith: request.getDeletedwith() !== "",
    hooks: otherHooks.some(([, names]) => names.length > 0),
    ignoreChanges: request.getIgnorechangesList().length > 0,
    import: request.getImportid() !== "",
    provider: request.getCustom() && request.getProvider() !== "",
    replaceOnChanges: request.getReplaceonchangesList().length > 0,
    replaceWith: request.getReplaceWithList().length > 0,
    replacementTrigger: request.hasReplacementTrigger() && !request.getReplacementTrigger()?.hasNullValue(),
    retainOnDelete: request.getRetainondelete() === true,
    transforms: request.getTransformsList().length > 0,
  };
  for (const [option, isUsed] of Object.entries(unknown)) {
    if (isUsed) throw new Error(`the resource option ${option} (of "${request.getName()}") ${needsCli}`);
  }
}

function hooksOf(request: resource.RegisterResourceRequest): ResourceState["resourceHooks"] {
  const BeforeCreate = request.getHooks()?.getBeforeCreateList() ?? [];
  const BeforeDelete = request.getHooks()?.getBeforeDeleteList() ?? [];
  return {
    ...(BeforeCreate.length > 0 && { BeforeCreate }),
    ...(BeforeDelete.length > 0 && { BeforeDelete }),
  };
}

function propertyDependenciesOf(request: resource.RegisterResourceRequest): Record<string, string[]> {
  const dependencies: Record<string, string[]> = {};
  request.getPropertydependenciesMap().forEach((urns, key) => (dependencies[key] = urns.getUrnsList()));
  return dependencies;
}
