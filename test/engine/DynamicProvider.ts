/**
 * The unmodified dynamic provider of the Node.js SDK (`@pulumi/pulumi/cmd/dynamic-provider`), as a process with a gRPC
 * port. Answers and errors are passed on as they come.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { fromStruct, isObject, type PropertyMap, type PropertyValue, toStruct } from "./properties";

export interface DynamicProviderOptions {
  /** Where the program lives whose SDK it is. */
  directory: string;
  project: string;
  environment: NodeJS.ProcessEnv;
  /** Where the engine that asks can be reached; nobody is there if absent. */
  engine?: string;
  /** A line that the provider printed. */
  onLine: (line: string, stream: "stdout" | "stderr") => void;
}

/** State files with `__provider` texts of large closures would not fit into gRPC's default of 4 MiB. */
export const messageLimits: grpc.ChannelOptions = {
  "grpc.max_receive_message_length": 400 * 1024 * 1024,
  "grpc.max_send_message_length": -1,
};

const preloaded = ["compiledModules.js", "lazyModules.js"].flatMap((name) => ["--require", join(__dirname, name)]);

const graceMilliseconds = 5000;

const requests = {
  configure: messages.ConfigureRequest,
  check: messages.CheckRequest,
  diff: messages.DiffRequest,
  create: messages.CreateRequest,
  read: messages.ReadRequest,
  update: messages.UpdateRequest,
  delete: messages.DeleteRequest,
  cancel: Empty,
};

export interface Answers {
  configure: messages.ConfigureResponse;
  check: messages.CheckResponse;
  diff: messages.DiffResponse;
  create: messages.CreateResponse;
  read: messages.ReadResponse;
  update: messages.UpdateResponse;
  delete: Empty;
  cancel: Empty;
}

/** By the names of the setters of the request. */
export type Fields = Record<string, PropertyValue>;

export class DynamicProvider {
  protected readonly child: ChildProcess;
  /** Whoever needs it reports that the process did not start. */
  protected readonly client: Promise<ResourceProviderClient>;
  readonly #closed: Promise<void>;

  constructor({ directory, project, environment, engine = "127.0.0.1:0", onLine }: DynamicProviderOptions) {
    const provider = createRequire(join(directory, "package.json")).resolve("@pulumi/pulumi/cmd/dynamic-provider");
    const child = spawn(process.execPath, [...preloaded, provider, engine], {
      cwd: directory,
      env: { ...environment, PULUMI_CONFIG: "{}", PULUMI_PROJECT: project, PULUMI_NODEJS_PROJECT: project },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    this.#closed = new Promise((done) => child.once("close", () => done()));
    createInterface({ input: child.stderr }).on("line", (line) => onLine(line, "stderr"));
    const lines = createInterface({ input: child.stdout });
    this.client = new Promise<ResourceProviderClient>((connected, failed) => {
      lines.once("line", (port) => {
        lines.on("line", (line) => onLine(line, "stdout"));
        connected(new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), messageLimits));
      });
      child.once("error", failed);
      child.once("exit", (code, signal) =>
        failed(new Error(`the dynamic provider ended before it said its port (${signal ?? `exit code ${code}`})`)),
      );
    });
    this.client.catch(() => {});
  }

  async ask<Call extends keyof Answers>(call: Call, fields: Fields = {}): Promise<Answers[Call]> {
    const request = new requests[call]() as unknown as Record<string, (value: unknown) => void>;
    for (const [field, value] of Object.entries(fields)) {
      request[`set${field}`]!(isObject(value) ? toStruct(value) : value);
    }
    const client = (await this.client) as unknown as Record<Call, (request: unknown, done: unknown) => void>;
    return new Promise((answered, failed) =>
      client[call](request, (error: grpc.ServiceError | null, response: Answers[Call]) =>
        error ? failed(error) : answered(response),
      ),
    );
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Waits until it is gone. With SIGKILL nothing is cleaned up, and what is asked of it fails. */
  async kill(signal: "SIGKILL" | "SIGINT" = "SIGKILL", times = 1): Promise<void> {
    for (let time = 0; time < times; time++) this.child.kill(signal);
    await this.#closed;
  }

  /** How it ended by itself. */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.child.exitCode;
  }

  /** As the engine ends a provider: politely, and by force if it does not listen. */
  async end(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    const force = setTimeout(() => void this.kill(), graceMilliseconds);
    await this.kill("SIGINT");
    clearTimeout(force);
    await this.client.then((client) => client.close()).catch(() => {});
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }
}

/** What a failed operation sent besides its message, if the resource exists in part. */
export interface InitFailure {
  id: string;
  properties: PropertyMap;
  reasons: string[];
}

/** Details of an error travel in a trailer that Node's gRPC leaves undecoded. */
export function initFailureOf(error: grpc.ServiceError): InitFailure | undefined {
  const [packed] = error.metadata.get("grpc-status-details-bin");
  const details = packed instanceof Buffer ? Status.deserializeBinary(packed).getDetailsList() : [];
  const [failure] = details.flatMap(
    (detail) =>
      detail.unpack(
        (bytes) => messages.ErrorResourceInitFailed.deserializeBinary(bytes),
        "pulumirpc.ErrorResourceInitFailed",
      ) ?? [],
  );
  if (!failure) return undefined;
  return { id: failure.getId(), properties: fromStruct(failure.getProperties()), reasons: failure.getReasonsList() };
}
