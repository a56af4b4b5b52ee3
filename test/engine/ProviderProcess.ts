/**
 * The unmodified dynamic provider of the Node.js SDK (`@pulumi/pulumi/cmd/dynamic-provider`), as a process with a gRPC
 * port, spoken to as Pulumi's provider host speaks to it (sdk/go/common/resource/plugin/provider_plugin.go):
 *
 * - It accepts no secrets, so they are sent in clear, and afterwards whatever has the name of a secret input is marked.
 * - It knows no previews, so `create` and `update` are never called in one; the caller answers with the inputs.
 * - An error that carries `ErrorResourceInitFailed` says that the resource exists, but is not ready.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import type { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { changedKeys, fromStruct, markSecretsLike, PropertyMap, revealAll, toStruct } from "./properties";
import { ResourceState } from "./ResourceState";
import { nameOf } from "./Urn";

export interface ProviderOptions {
  programDirectory: string;
  project: string;
  environment: NodeJS.ProcessEnv;
  /** A line that the provider printed. */
  onLine: (line: string) => void;
}

/** State files with `__provider` texts of large closures would not fit into gRPC's default of 4 MiB. */
export const messageLimits: grpc.ChannelOptions = {
  "grpc.max_receive_message_length": 400 * 1024 * 1024,
  "grpc.max_send_message_length": -1,
};

const graceMilliseconds = 5000;

export class ProviderProcess {
  private readonly process: ChildProcess;
  private readonly client: Promise<ResourceProviderClient>;
  private readonly exited: Promise<void>;

  constructor({ programDirectory, project, environment, onLine }: ProviderOptions) {
    const { resolve } = createRequire(join(programDirectory, "package.json"));
    const provider = resolve("@pulumi/pulumi/cmd/dynamic-provider");
    // The address of the engine is asked for, but never used, by the provider.
    const child = spawn(process.execPath, ["--require", join(__dirname, "lazyModules.js"), provider, "127.0.0.1:0"], {
      cwd: programDirectory,
      env: { ...environment, PULUMI_CONFIG: "{}", PULUMI_PROJECT: project, PULUMI_NODEJS_PROJECT: project },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process = child;
    this.exited = new Promise((done) => child.once("close", () => done()));
    createInterface({ input: child.stderr }).on("line", onLine);
    const lines = createInterface({ input: child.stdout });
    this.client = new Promise<ResourceProviderClient>((connected, failed) => {
      lines.once("line", (port) => {
        lines.on("line", onLine);
        connected(new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), messageLimits));
      });
      child.once("error", failed);
      child.once("exit", (code, signal) =>
        failed(new Error(`the dynamic provider ended before it said its port (${signal ?? `exit code ${code}`})`)),
      );
    });
    // Whoever needs the provider reports that it did not start.
    this.client.catch(() => {});
  }

  async configure(config: PropertyMap): Promise<void> {
    const request = new messages.ConfigureRequest();
    request.setArgs(inClear(config));
    request.setAcceptsecrets(true);
    request.setAcceptresources(true);
    await this.call<messages.ConfigureResponse>((client, done) => client.configure(request, done));
  }

  async check(
    resource: ResourceState,
    olds: PropertyMap,
    news: PropertyMap,
  ): Promise<{ inputs: PropertyMap; failures: { property: string; reason: string }[] }> {
    const request = identify(new messages.CheckRequest(), resource);
    request.setOlds(inClear(olds));
    request.setNews(inClear(news));
    const response = await this.call<messages.CheckResponse>((client, done) => client.check(request, done));
    return {
      inputs: markSecretsLike(fromStruct(response.getInputs()), news),
      failures: response.getFailuresList().map((failure) => failure.toObject()),
    };
  }

  /** The provider's opinion or, if it has none, a comparison of the inputs. */
  async diff(old: ResourceState, newInputs: PropertyMap): Promise<{ isChanged: boolean; replaceKeys: string[] }> {
    const request = identify(new messages.DiffRequest(), old);
    request.setId(old.id);
    request.setOldInputs(inClear(old.inputs));
    request.setOlds(inClear(old.outputs));
    request.setNews(inClear(newInputs));
    const response = await this.call<messages.DiffResponse>((client, done) => client.diff(request, done));
    const { DIFF_UNKNOWN, DIFF_SOME } = messages.DiffResponse.DiffChanges;
    const changes = response.getChanges();
    if (response.getDeletebeforereplace() && response.getReplacesList().length > 0) {
      throw new Error(
        `the provider wants ${old.urn} to be deleted before it is replaced, which the in-process engine does not know: ` +
          "use the Pulumi CLI",
      );
    }
    return {
      isChanged: changes === DIFF_UNKNOWN ? changedKeys(old.inputs, newInputs).length > 0 : changes === DIFF_SOME,
      replaceKeys: response.getReplacesList(),
    };
  }

  async create(resource: ResourceState): Promise<{ id: string; outputs: PropertyMap }> {
    const { inputs } = resource;
    const request = identify(new messages.CreateRequest(), resource);
    request.setProperties(inClear(inputs));
    const response = await this.call<messages.CreateResponse>((client, done) => client.create(request, done), inputs);
    if (response.getId() === "") {
      throw new Error(`plugin returned empty resource.ID from create '${resource.urn}'`);
    }
    return { id: response.getId(), outputs: markSecretsLike(fromStruct(response.getProperties()), inputs) };
  }

  /** @returns the outputs */
  async update(old: ResourceState, newInputs: PropertyMap): Promise<PropertyMap> {
    const request = identify(new messages.UpdateRequest(), old);
    request.setId(old.id);
    request.setOldInputs(inClear(old.inputs));
    request.setOlds(inClear(old.outputs));
    request.setNews(inClear(newInputs));
    const response = await this.call<messages.UpdateResponse>(
      (client, done) => client.update(request, done),
      newInputs,
    );
    return markSecretsLike(fromStruct(response.getProperties()), newInputs);
  }

  /** @returns nothing if there is no such resource any more */
  async read(
    { inputs, ...resource }: ResourceState,
    state: PropertyMap,
  ): Promise<{ id: string; inputs: PropertyMap; outputs: PropertyMap } | undefined> {
    const request = identify(new messages.ReadRequest(), resource);
    request.setId(resource.id);
    request.setInputs(inClear(inputs));
    request.setProperties(inClear(state));
    const response = await this.call<messages.ReadResponse>((client, done) => client.read(request, done));
    const readInputs = response.getInputs();
    return response.getId() === ""
      ? undefined
      : {
          id: response.getId(),
          // The state knows better where the provider says nothing.
          inputs: readInputs === undefined ? inputs : markSecretsLike(fromStruct(readInputs), inputs),
          outputs: markSecretsLike(fromStruct(response.getProperties()), state),
        };
  }

  async delete(resource: ResourceState): Promise<void> {
    const request = identify(new messages.DeleteRequest(), resource);
    request.setId(resource.id);
    request.setOldInputs(inClear(resource.inputs));
    request.setProperties(inClear(resource.outputs));
    await this.call<Empty>((client, done) => client.delete(request, done));
  }

  /** As the engine ends a provider: politely, and by force if it does not listen. */
  async close(): Promise<void> {
    this.process.kill("SIGINT");
    const force = setTimeout(() => this.kill(), graceMilliseconds);
    await this.exited;
    clearTimeout(force);
    await this.client.then((client) => client.close()).catch(() => {});
  }

  kill(): void {
    this.process.kill("SIGKILL");
  }

  /** @param inputs those of the resource that is written, after which the outputs of a half done one are marked */
  private async call<Response>(
    send: (
      client: ResourceProviderClient,
      done: (error: grpc.ServiceError | null, response: Response) => void,
    ) => grpc.ClientUnaryCall,
    inputs: PropertyMap = {},
  ): Promise<Response> {
    const client = await this.client;
    return new Promise((answer, fail) => {
      send(client, (error, response) => {
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

/** The resource exists, but what was asked of it is half done; it is recorded like that. */
export class PartialFailure extends Error {
  constructor(
    readonly id: string,
    readonly outputs: PropertyMap,
    /** All that the CLI shows of such a failure; the message of the error that the provider threw is lost. */
    readonly reasons: string[],
  ) {
    // In the words of Go's `multierror`, which the CLI prints.
    const count = reasons.length === 1 ? "1 error" : `${reasons.length} errors`;
    const list = `${count} occurred:\n${reasons.map((reason) => `\t* ${reason}`).join("\n")}\n\n`;
    super(reasons.length === 0 ? "resource init failed" : list);
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
      detail.unpack(
        (bytes) => messages.ErrorResourceInitFailed.deserializeBinary(bytes),
        "pulumirpc.ErrorResourceInitFailed",
      ),
    )
    .find((detail) => detail !== null);
  return failure === undefined
    ? undefined
    : new PartialFailure(
        failure.getId(),
        markSecretsLike(fromStruct(failure.getProperties()), inputs),
        failure.getReasonsList(),
      );
}

function inClear(properties: PropertyMap): ReturnType<typeof toStruct> {
  return toStruct(revealAll(properties));
}

interface Identifiable {
  setUrn(urn: string): unknown;
  setName(name: string): unknown;
  setType(type: string): unknown;
}

function identify<Request extends Identifiable>(
  request: Request,
  { urn, type }: Pick<ResourceState, "urn" | "type">,
): Request {
  request.setUrn(urn);
  request.setName(nameOf(urn));
  request.setType(type);
  return request;
}
