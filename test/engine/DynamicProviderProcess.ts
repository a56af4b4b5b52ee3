/**
 * The unmodified dynamic provider of the Node.js SDK (`@pulumi/pulumi/cmd/dynamic-provider`), as a process with a gRPC
 * port, spoken to as Pulumi's provider host speaks to it (sdk/go/common/resource/plugin/provider_plugin.go):
 *
 * - It accepts no secrets, so they are sent in clear, and afterwards whatever has the name of a secret input is marked.
 * - It knows no previews, so `create` and `update` are never called in one; the caller answers with the inputs.
 * - An error that carries `ErrorResourceInitFailed` says that the resource exists, but is not ready.
 */
import { ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import {
  CheckRequest,
  CheckResponse,
  ConfigureRequest,
  ConfigureResponse,
  CreateRequest,
  CreateResponse,
  DeleteRequest,
  DiffRequest,
  DiffResponse,
  ErrorResourceInitFailed,
  ReadRequest,
  ReadResponse,
  UpdateRequest,
  UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { markSecretsLike, PropertyMap } from "./PropertyValue";
import {
  CheckResult,
  DiffResult,
  PartialFailure,
  ReadResult,
  ResourceIdentity,
  ResourceProvider,
} from "./ResourceProvider";
import { fromWire, toProvider } from "./wire";

export interface DynamicProviderOptions {
  programDirectory: string;
  project: string;
  environment: NodeJS.ProcessEnv;
  /** A line that the provider printed. */
  onLine: (line: string, stream: "stdout" | "stderr") => void;
}

/** State files with `__provider` texts of large closures would not fit into gRPC's default of 4 MiB. */
const channelOptions: grpc.ChannelOptions = {
  "grpc.max_receive_message_length": 400 * 1024 * 1024,
  "grpc.max_send_message_length": -1,
};

const lazyModules = join(__dirname, "lazyModules.js");

export class DynamicProviderProcess implements ResourceProvider {
  private constructor(
    private readonly process: ChildProcess,
    private readonly client: ResourceProviderClient,
    private readonly exited: Promise<void>,
  ) {}

  static async start(options: DynamicProviderOptions): Promise<DynamicProviderProcess> {
    const { resolve } = createRequire(join(options.programDirectory, "package.json"));
    // The address of the engine is asked for, but never used, by the provider.
    const provider = resolve("@pulumi/pulumi/cmd/dynamic-provider");
    const child = spawn(process.execPath, ["--require", lazyModules, provider, "127.0.0.1:0"], {
      cwd: options.programDirectory,
      env: {
        ...options.environment,
        PULUMI_CONFIG: "{}",
        PULUMI_PROJECT: options.project,
        PULUMI_NODEJS_PROJECT: options.project,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const exited = new Promise<void>((done) => child.once("close", () => done()));
    const lines = createInterface({ input: child.stdout });
    createInterface({ input: child.stderr }).on("line", (line) => options.onLine(line, "stderr"));
    const port = await new Promise<string>((found, failed) => {
      lines.once("line", found);
      child.once("error", failed);
      child.once("exit", (code, signal) =>
        failed(new Error(`the dynamic provider ended before it said its port (${signal ?? `exit code ${code}`})`)),
      );
    });
    lines.on("line", (line) => options.onLine(line, "stdout"));
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), channelOptions);
    return new DynamicProviderProcess(child, client, exited);
  }

  async configure(config: PropertyMap): Promise<void> {
    const request = new ConfigureRequest();
    request.setArgs(toProvider(config));
    request.setAcceptsecrets(true);
    request.setAcceptresources(true);
    await this.call((done: Reply<ConfigureResponse>) => this.client.configure(request, done));
  }

  async check(identity: ResourceIdentity, olds: PropertyMap, news: PropertyMap): Promise<CheckResult> {
    const request = identify(new CheckRequest(), identity);
    request.setOlds(toProvider(olds));
    request.setNews(toProvider(news));
    const response = await this.call((done: Reply<CheckResponse>) => this.client.check(request, done));
    return {
      inputs: markSecretsLike(fromWire(response.getInputs()), news),
      failures: response.getFailuresList().map((failure) => ({
        property: failure.getProperty(),
        reason: failure.getReason(),
      })),
    };
  }

  async diff(
    identity: ResourceIdentity,
    id: string,
    oldInputs: PropertyMap,
    oldOutputs: PropertyMap,
    newInputs: PropertyMap,
  ): Promise<DiffResult> {
    const request = identify(new DiffRequest(), identity);
    request.setId(id);
    request.setOldInputs(toProvider(oldInputs));
    request.setOlds(toProvider(oldOutputs));
    request.setNews(toProvider(newInputs));
    const response = await this.call((done: Reply<DiffResponse>) => this.client.diff(request, done));
    return {
      changes: changesOf(response.getChanges()),
      replaceKeys: response.getReplacesList(),
      changedKeys: response.getDiffsList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async create(identity: ResourceIdentity, inputs: PropertyMap): Promise<{ id: string; outputs: PropertyMap }> {
    const request = identify(new CreateRequest(), identity);
    request.setProperties(toProvider(inputs));
    const response = await this.call((done: Reply<CreateResponse>) => this.client.create(request, done), inputs);
    if (response.getId() === "") {
      throw new Error(`plugin returned empty resource.ID from create '${identity.urn}'`);
    }
    return { id: response.getId(), outputs: markSecretsLike(fromWire(response.getProperties()), inputs) };
  }

  async update(
    identity: ResourceIdentity,
    id: string,
    oldInputs: PropertyMap,
    oldOutputs: PropertyMap,
    newInputs: PropertyMap,
  ): Promise<PropertyMap> {
    const request = identify(new UpdateRequest(), identity);
    request.setId(id);
    request.setOldInputs(toProvider(oldInputs));
    request.setOlds(toProvider(oldOutputs));
    request.setNews(toProvider(newInputs));
    const response = await this.call((done: Reply<UpdateResponse>) => this.client.update(request, done), newInputs);
    return markSecretsLike(fromWire(response.getProperties()), newInputs);
  }

  async read(
    identity: ResourceIdentity,
    id: string,
    inputs: PropertyMap | undefined,
    state: PropertyMap | undefined,
  ): Promise<ReadResult> {
    const request = identify(new ReadRequest(), identity);
    request.setId(id);
    if (inputs !== undefined) {
      request.setInputs(toProvider(inputs));
    }
    if (state !== undefined) {
      request.setProperties(toProvider(state));
    }
    const response = await this.call((done: Reply<ReadResponse>) => this.client.read(request, done));
    const readInputs = response.getInputs();
    return {
      id: response.getId(),
      outputs: markSecretsLike(fromWire(response.getProperties()), state ?? {}),
      inputs: readInputs === undefined ? undefined : markSecretsLike(fromWire(readInputs), inputs ?? {}),
    };
  }

  async delete(identity: ResourceIdentity, id: string, inputs: PropertyMap, outputs: PropertyMap): Promise<void> {
    const request = identify(new DeleteRequest(), identity);
    request.setId(id);
    request.setOldInputs(toProvider(inputs));
    request.setProperties(toProvider(outputs));
    await this.call((done: Reply<Empty>) => this.client.delete(request, done));
  }

  /** As the engine ends a provider: politely, and by force if it does not listen. */
  async close(): Promise<void> {
    this.client.close();
    this.process.kill("SIGINT");
    const force = setTimeout(() => this.process.kill("SIGKILL"), 5000);
    await this.exited;
    clearTimeout(force);
  }

  kill(): void {
    this.process.kill("SIGKILL");
    this.client.close();
  }

  /** @param inputs those of the resource that is written, after which the outputs of a half done one are marked */
  private call<Response>(
    send: (done: Reply<Response>) => grpc.ClientUnaryCall,
    inputs: PropertyMap = {},
  ): Promise<Response> {
    return new Promise((answer, fail) => {
      send((error, response) => {
        if (error === null) {
          answer(response);
        } else if (error.code === grpc.status.UNAVAILABLE) {
          fail(new Error(`the dynamic provider process ended while it was asked something: ${error.details}`));
        } else {
          fail(partialFailureOf(error, inputs) ?? new Error(error.details));
        }
      });
    });
  }
}

type Reply<Response> = (error: grpc.ServiceError | null, response: Response) => void;

interface Identifiable {
  setUrn(urn: string): unknown;
  setName(name: string): unknown;
  setType(type: string): unknown;
}

function identify<Request extends Identifiable>(request: Request, identity: ResourceIdentity): Request {
  request.setUrn(identity.urn);
  request.setName(identity.name);
  request.setType(identity.type);
  return request;
}

function changesOf(changes: DiffResponse.DiffChanges): DiffResult["changes"] {
  switch (changes) {
    case DiffResponse.DiffChanges.DIFF_SOME:
      return "some";
    case DiffResponse.DiffChanges.DIFF_NONE:
      return "none";
    case DiffResponse.DiffChanges.DIFF_UNKNOWN:
      return "unknown";
  }
}

/** Details of an error travel in a trailer that Node's gRPC leaves undecoded. */
function partialFailureOf(error: grpc.ServiceError, inputs: PropertyMap): PartialFailure | undefined {
  const [packed] = error.metadata.get("grpc-status-details-bin");
  if (!(packed instanceof Buffer)) {
    return undefined;
  }
  const failure = Status.deserializeBinary(packed)
    .getDetailsList()
    .map((detail) =>
      detail.unpack((bytes) => ErrorResourceInitFailed.deserializeBinary(bytes), "pulumirpc.ErrorResourceInitFailed"),
    )
    .find((detail) => detail !== null);
  return failure === undefined
    ? undefined
    : new PartialFailure(
        failure.getId(),
        markSecretsLike(fromWire(failure.getProperties()), inputs),
        failure.getReasonsList(),
      );
}
