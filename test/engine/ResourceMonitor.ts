/**
 * The gRPC server that the program talks to: the services `ResourceMonitor` (what resources there should be) and
 * `Engine` (logs) on one port. It decodes, refuses what this engine does not know, and hands everything else over.
 * Source: pkg/resource/deploy/source_eval.go of pulumi/pulumi.
 */
import { fileURLToPath } from "node:url";
import { relative } from "node:path";
import * as grpc from "@grpc/grpc-js";
import type { Map as JspbMap } from "google-protobuf";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Alias as WireAlias } from "@pulumi/pulumi/proto/alias_pb";
import { EngineService, IEngineServer } from "@pulumi/pulumi/proto/engine_grpc_pb";
import {
  GetRootResourceResponse,
  LogRequest,
  LogSeverity,
  SetRootResourceResponse,
} from "@pulumi/pulumi/proto/engine_pb";
import { IResourceMonitorServer, ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import {
  ReadResourceRequest,
  ReadResourceResponse,
  RegisterResourceRequest,
  RegisterResourceResponse,
  Result,
  SupportsFeatureResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import { SourcePosition, StackTrace } from "@pulumi/pulumi/proto/source_pb";
import { Diagnostics } from "./Diagnostics";
import { Alias, Goal, OutputsRegistration, ReadRegistration, Registration, RegistrationResult } from "./registration";
import { isProviderType, packageOf, stackReferenceType, stackType } from "./Urn";
import { fromWire, toProgram } from "./wire";

/** What the monitor hands over; each is answered by its `settle`. */
export interface MonitorEvents {
  register(registration: Registration): void;
  read(registration: ReadRegistration): void;
  registerOutputs(registration: OutputsRegistration): void;
  /** The program has nothing more to say, and waits until everything is done. */
  finished(): Promise<void>;
  /** The reference of the default provider of a package, which is registered if it is not yet there. */
  defaultProvider(packageName: string): Promise<string>;
}

export const dynamicPackage = "pulumi-nodejs";
export const builtinPackage = "pulumi";

/** What the SDK asks for; without transforms, hooks, parameterization and replacement groups it refuses them itself. */
const supportedFeatures = new Set(["secrets", "resourceReferences", "outputValues", "aliasSpecs", "deletedWith"]);

export class ResourceMonitor {
  private readonly server = new grpc.Server({
    "grpc.max_receive_message_length": 400 * 1024 * 1024,
    "grpc.max_send_message_length": -1,
  });
  private rootUrn = "";
  private closed = false;
  /** Answers that a program still waits for when the monitor is closed. */
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly projectDirectory: string,
    private readonly events: MonitorEvents,
    private readonly diagnostics: Diagnostics,
  ) {
    this.server.addService(ResourceMonitorService, this.resourceMonitorService());
    this.server.addService(EngineService, this.engineService());
  }

  /** @returns the address */
  listen(): Promise<string> {
    return new Promise((listening, failed) => {
      this.server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
        error === null ? listening(`127.0.0.1:${port}`) : failed(error),
      );
    });
  }

  /** Whoever still waits for an answer is told that there will be none; the SDK then ends without a word. */
  closeToProgram(): void {
    this.closed = true;
    this.waiting.forEach((refuse) => refuse());
    this.waiting.clear();
  }

  close(): void {
    this.closeToProgram();
    this.server.forceShutdown();
  }

  /** The URN of the stack, once the program has registered it. */
  get root(): string {
    return this.rootUrn;
  }

  private resourceMonitorService(): IResourceMonitorServer {
    const unimplemented =
      (feature: string) =>
      (_call: unknown, answer: grpc.sendUnaryData<never>): void =>
        answer({ code: grpc.status.UNIMPLEMENTED, details: `${feature}: ${this.needsCli}` });
    return {
      getDeploymentInfo: unimplemented("getDeploymentInfo"),
      supportsFeature: (call, answer) => {
        const response = new SupportsFeatureResponse();
        response.setHassupport(supportedFeatures.has(call.request.getId()));
        answer(null, response);
      },
      registerResource: (call, answer) => this.answer(answer, () => this.registerResource(call.request)),
      readResource: (call, answer) => this.answer(answer, () => this.readResource(call.request)),
      registerResourceOutputs: (call, answer) =>
        this.answer(
          answer,
          () =>
            new Promise<Empty>((done) =>
              this.events.registerOutputs({
                urn: call.request.getUrn(),
                outputs: fromWire(call.request.getOutputs()),
                settle: () => done(new Empty()),
              }),
            ),
        ),
      signalAndWaitForShutdown: (_call, answer) =>
        this.answer(answer, () => this.events.finished().then(() => new Empty())),
      invoke: (call, answer) =>
        answer({ code: grpc.status.UNIMPLEMENTED, details: `the function ${call.request.getTok()} ${this.needsCli}` }),
      call: (call, answer) =>
        answer({ code: grpc.status.UNIMPLEMENTED, details: `the method ${call.request.getTok()} ${this.needsCli}` }),
      registerStackTransform: unimplemented("a stack transform"),
      registerStackInvokeTransform: unimplemented("an invoke transform"),
      registerResourceHook: unimplemented("a resource hook"),
      registerErrorHook: unimplemented("an error hook"),
      registerPackage: unimplemented("a parameterized package"),
    };
  }

  private engineService(): IEngineServer {
    return {
      log: (call, answer) => {
        this.log(call.request);
        answer(null, new Empty());
      },
      getRootResource: (_call, answer) => {
        const response = new GetRootResourceResponse();
        response.setUrn(this.rootUrn);
        answer(null, response);
      },
      setRootResource: (call, answer) => {
        this.rootUrn = call.request.getUrn();
        answer(null, new SetRootResourceResponse());
      },
      startDebugging: (_call, answer) => answer(null, new Empty()),
      requirePulumiVersion: (_call, answer) =>
        answer({ code: grpc.status.UNIMPLEMENTED, details: `requirePulumiVersion ${this.needsCli}` }),
    };
  }

  private readonly needsCli =
    "is not known to the in-process engine, which serves tests and the demo: run the program with the Pulumi CLI";

  /** Answers with what comes, or that the monitor is closed if that comes first. */
  private answer<Response>(send: grpc.sendUnaryData<Response>, work: () => Promise<Response>): void {
    const refuse = (): void =>
      send({
        code: grpc.status.UNAVAILABLE,
        details: "resource monitor shut down while waiting on step's done channel",
      });
    if (this.closed) {
      refuse();
      return;
    }
    this.waiting.add(refuse);
    work().then(
      (response) => this.waiting.delete(refuse) && send(null, response),
      (error: unknown) =>
        this.waiting.delete(refuse) &&
        send({
          code: grpc.status.INVALID_ARGUMENT,
          details: error instanceof Error ? error.message : String(error),
        }),
    );
  }

  private async registerResource(request: RegisterResourceRequest): Promise<RegisterResourceResponse> {
    const type = request.getType();
    const known = request.getCustom()
      ? packageOf(type) === dynamicPackage && !isProviderType(type)
      : type === stackType || !request.getRemote();
    if (!known) {
      throw new Error(`the resource type ${type} (of "${request.getName()}") ${this.needsCli}`);
    }
    this.refuseUnknownOptions(request);
    const provider = request.getCustom() ? await this.events.defaultProvider(dynamicPackage) : "";
    const { state, result } = await new Promise<RegistrationResult>((settle) =>
      this.events.register({ goal: this.goalOf(request, provider), settle }),
    );
    const response = new RegisterResourceResponse();
    response.setUrn(state.urn);
    response.setId(state.id);
    // The outputs of a component are said by the program itself, later.
    response.setObject(toProgram(request.getCustom() ? state.outputs : {}));
    response.setResult({ success: Result.SUCCESS, failed: Result.FAIL, skipped: Result.SKIP }[result]);
    return response;
  }

  private refuseUnknownOptions(request: RegisterResourceRequest): void {
    const unknown = {
      replaceWith: request.getReplaceWithList().length > 0,
      replacementTrigger: request.hasReplacementTrigger() && !request.getReplacementTrigger()?.hasNullValue(),
      transforms: request.getTransformsList().length > 0,
      provider: request.getCustom() && request.getProvider() !== "",
    };
    for (const [option, isUsed] of Object.entries(unknown)) {
      if (isUsed === true) {
        throw new Error(`the resource option ${option} (of "${request.getName()}") ${this.needsCli}`);
      }
    }
  }

  private async readResource(request: ReadResourceRequest): Promise<ReadResourceResponse> {
    const type = request.getType();
    if (type !== stackReferenceType && packageOf(type) !== dynamicPackage) {
      throw new Error(`the resource type ${type} (of "${request.getName()}") ${this.needsCli}`);
    }
    const provider = await this.events.defaultProvider(packageOf(type));
    const { state } = await new Promise<RegistrationResult>((settle) =>
      this.events.read({
        goal: {
          ...emptyGoal,
          id: request.getId(),
          type,
          name: request.getName(),
          custom: true,
          parent: request.getParent(),
          properties: fromWire(request.getProperties()),
          provider,
          dependencies: request.getDependenciesList(),
          additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
          sourcePosition: this.positionOf(request.getSourceposition()),
          stackTrace: this.traceOf(request.getStacktrace()),
        },
        settle,
      }),
    );
    const response = new ReadResourceResponse();
    response.setUrn(state.urn);
    response.setProperties(toProgram(state.outputs));
    return response;
  }

  private goalOf(request: RegisterResourceRequest, provider: string): Goal {
    const timeouts = request.getCustomtimeouts()?.toObject();
    return {
      type: request.getType(),
      name: request.getName(),
      custom: request.getCustom(),
      parent: request.getParent(),
      properties: fromWire(request.getObject()),
      provider,
      dependencies: request.getDependenciesList(),
      propertyDependencies: Object.fromEntries(
        [...iterate(request.getPropertydependenciesMap())].map(([key, dependencies]) => [
          key,
          dependencies.getUrnsList(),
        ]),
      ),
      protect: request.hasProtect() ? request.getProtect() : undefined,
      deleteBeforeReplace: request.getDeletebeforereplacedefined() ? request.getDeletebeforereplace() : undefined,
      retainOnDelete: request.hasRetainondelete() ? request.getRetainondelete() : undefined,
      ignoreChanges: request.getIgnorechangesList(),
      replaceOnChanges: request.getReplaceonchangesList(),
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      aliases: [...request.getAliasesList().map(aliasOf), ...request.getAliasurnsList().map((urn) => ({ urn }))],
      deletedWith: request.getDeletedwith(),
      importId: request.getImportid(),
      customTimeouts: timeouts === undefined ? undefined : secondsOf(timeouts),
      sourcePosition: this.positionOf(request.getSourceposition()),
      stackTrace: this.traceOf(request.getStacktrace()),
    };
  }

  /** `file:///home/me/project/index.ts`, line 3, column 7 -> `project:///index.ts#3,7` */
  private positionOf(position: SourcePosition | undefined): string {
    const uri = position?.getUri();
    if (position === undefined || uri === undefined || !uri.startsWith("file:")) {
      return "";
    }
    const path = relative(this.projectDirectory, fileURLToPath(uri));
    return path.startsWith("..") ? "" : `project:///${path}#${position.getLine()},${position.getColumn()}`;
  }

  private traceOf(trace: StackTrace | undefined): { sourcePosition: string }[] {
    return (trace?.getFramesList() ?? []).map((frame) => ({ sourcePosition: this.positionOf(frame.getPc()) }));
  }

  private log(request: LogRequest): void {
    if (this.closed) {
      return;
    }
    const urn = request.getUrn() === "" ? this.rootUrn : request.getUrn();
    const message = request.getMessage();
    switch (request.getSeverity()) {
      case LogSeverity.DEBUG:
        break;
      case LogSeverity.INFO:
        this.diagnostics.info(urn, message);
        break;
      case LogSeverity.WARNING:
        this.diagnostics.warning(urn, message);
        break;
      case LogSeverity.ERROR:
        this.diagnostics.error(urn, message);
        break;
    }
  }
}

export const emptyGoal: Goal = {
  type: "",
  name: "",
  custom: false,
  parent: "",
  properties: {},
  provider: "",
  dependencies: [],
  propertyDependencies: {},
  protect: undefined,
  deleteBeforeReplace: undefined,
  retainOnDelete: undefined,
  ignoreChanges: [],
  replaceOnChanges: [],
  additionalSecretOutputs: [],
  aliases: [],
  deletedWith: "",
  importId: "",
  customTimeouts: undefined,
  sourcePosition: "",
  stackTrace: [],
};

/** Maps of google-protobuf have iterators that are not iterable. */
function* iterate<Key, Value>(map: JspbMap<Key, Value>): Generator<[Key, Value]> {
  const entries = map.entries();
  for (let entry = entries.next(); !entry.done; entry = entries.next()) {
    yield entry.value;
  }
}

function aliasOf(alias: WireAlias): Alias {
  const spec = alias.getSpec();
  return spec === undefined
    ? { urn: alias.getUrn() }
    : {
        name: spec.getName(),
        type: spec.getType(),
        stack: spec.getStack(),
        project: spec.getProject(),
        parent: spec.getParenturn(),
        noParent: spec.getNoparent(),
      };
}

/** `{ create: "1m30s" }` -> `{ create: 90 }`; what is not set is left out. */
function secondsOf(timeouts: Record<string, string>): Record<string, number> | undefined {
  const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001 };
  const seconds = Object.entries(timeouts)
    .filter(([, text]) => text !== "")
    .map(([key, text]) => [
      key,
      [...text.matchAll(/([\d.]+)(h|ms|m|s)/g)].reduce(
        (sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0),
        0,
      ),
    ]);
  return seconds.length === 0 ? undefined : (Object.fromEntries(seconds) as Record<string, number>);
}
