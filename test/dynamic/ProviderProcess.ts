/**
 * The unmodified dynamic provider of the SDK as a process, asked over gRPC with plain values, as the engine asks it.
 * Unlike the engine's own client (test/engine) it hides nothing: errors come as they arrive, and every line is kept.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";

const root = join(__dirname, "../..");

export type Values = Record<string, unknown>;
export type ResourceType = "AegirClient" | "SiteOwnership" | "ClientUserBinding" | "ShellAccount";

/** What a failed operation sent besides its message, if the resource exists in part. */
export interface InitFailure {
  id: string;
  properties: Values;
  reasons: string[];
}

export class ProviderProcess {
  /** What it printed, by line; complete once it has ended. */
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];

  private constructor(
    private readonly child: ChildProcess,
    private readonly client: ResourceProviderClient,
    private readonly texts: Record<ResourceType, string>,
  ) {}

  /** @param engine where the engine that asks can be reached; nobody is there if absent */
  static async start(environment: NodeJS.ProcessEnv = {}, engine = "127.0.0.1:0"): Promise<ProviderProcess> {
    const shims = await (texts ??= providerTexts());
    const child = spawn(process.execPath, [require.resolve("@pulumi/pulumi/cmd/dynamic-provider"), engine], {
      cwd: root,
      env: { ...process.env, PULUMI_CONFIG: "{}", PULUMI_NODEJS_PROJECT: "project", ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, "exit").then(([code]) => assert.fail(`it ended with ${code} before it said its port`));
    const [port] = (await Promise.race([once(lines, "line"), ended])) as [string];
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const provider = new ProviderProcess(child, client, shims);
    lines.on("line", (line) => provider.stdout.push(line));
    createInterface({ input: child.stderr }).on("line", (line) => provider.stderr.push(line));
    return provider;
  }

  /** One that is configured with what stands under `aegir:servers`. */
  static async withServers(servers: object, environment?: NodeJS.ProcessEnv): Promise<ProviderProcess> {
    const provider = await ProviderProcess.start(environment);
    await provider.configure({ "aegir:servers": JSON.stringify(servers) });
    return provider;
  }

  /** @param config the stack's whole configuration, namespaced */
  async configure(config: Record<string, string>): Promise<void> {
    const request = new proto.ConfigureRequest();
    request.setArgs(struct(config));
    request.setAcceptsecrets(true);
    await answer((done) => this.client.configure(request, done));
  }

  async check(type: ResourceType, news: Values, olds: Values = {}) {
    const request = new proto.CheckRequest();
    request.setNews(this.properties(type, news));
    request.setOlds(this.properties(type, olds));
    const response = await answer<proto.CheckResponse>((done) => this.client.check(request, done));
    const failures = response.getFailuresList().map((failure) => failure.toObject());
    return { inputs: plain(response.getInputs()), failures };
  }

  async diff(type: ResourceType, id: string, olds: Values, news: Values) {
    const request = new proto.DiffRequest();
    request.setId(id);
    request.setOlds(this.properties(type, olds));
    request.setNews(this.properties(type, news));
    const response = await answer<proto.DiffResponse>((done) => this.client.diff(request, done));
    const changes = response.getChanges() === proto.DiffResponse.DiffChanges.DIFF_SOME;
    return { changes, replaces: response.getReplacesList() };
  }

  async create(type: ResourceType, inputs: Values) {
    const request = new proto.CreateRequest();
    request.setProperties(this.properties(type, inputs));
    const response = await answer<proto.CreateResponse>((done) => this.client.create(request, done));
    return { id: response.getId(), properties: plain(response.getProperties()) };
  }

  /** @param properties the recorded outputs; a lookup has none */
  async read(type: ResourceType, id: string, properties: Values = {}) {
    const request = new proto.ReadRequest();
    request.setId(id);
    request.setProperties(this.properties(type, properties));
    const response = await answer<proto.ReadResponse>((done) => this.client.read(request, done));
    return { id: response.getId(), properties: plain(response.getProperties()), inputs: plain(response.getInputs()) };
  }

  async update(type: ResourceType, id: string, olds: Values, news: Values) {
    const request = new proto.UpdateRequest();
    request.setId(id);
    request.setOlds(this.properties(type, olds));
    request.setNews(this.properties(type, news));
    const response = await answer<proto.UpdateResponse>((done) => this.client.update(request, done));
    return plain(response.getProperties());
  }

  async delete(type: ResourceType, id: string, properties: Values): Promise<void> {
    const request = new proto.DeleteRequest();
    request.setId(id);
    request.setProperties(this.properties(type, properties));
    await answer((done) => this.client.delete(request, done));
  }

  /** What the engine sends at the first Ctrl-C. */
  async cancel(): Promise<void> {
    await answer((done) => this.client.cancel(new Empty(), done));
  }

  /** How it ended by itself. */
  async ended(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, "close");
    return this.child.exitCode;
  }

  /** Waits until it is gone. With SIGKILL nothing is cleaned up, and what is asked of it fails. */
  async kill(signal: "SIGKILL" | "SIGINT" = "SIGKILL", times = 1): Promise<void> {
    const closed = once(this.child, "close");
    for (let time = 0; time < times; time++) this.child.kill(signal);
    await closed;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Ends it as the engine does, and waits until it is gone. */
  async end(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.client.close();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const closed = once(this.child, "close");
      this.child.kill("SIGINT");
      await closed;
    }
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }

  private properties(type: ResourceType, values: Values): Struct {
    return struct({ ...values, __provider: this.texts[type] });
  }
}

export function initFailure(error: grpc.ServiceError): InitFailure | undefined {
  const [packed] = error.metadata.get("grpc-status-details-bin");
  if (!(packed instanceof Buffer)) return undefined;
  const [detail] = Status.deserializeBinary(packed).getDetailsList();
  const failure = detail?.unpack(
    (bytes) => proto.ErrorResourceInitFailed.deserializeBinary(bytes),
    "pulumirpc.ErrorResourceInitFailed",
  );
  return failure
    ? { id: failure.getId(), properties: plain(failure.getProperties()), reasons: failure.getReasonsList() }
    : undefined;
}

let texts: Promise<Record<ResourceType, string>> | undefined;

/** What a stack's state would hold: the text of the compiled package's shims. */
async function providerTexts(): Promise<Record<ResourceType, string>> {
  const { shims } = (await import(join(root, "provider/dist/dynamic/shim.js"))) as {
    shims: Record<ResourceType, pulumi.dynamic.ResourceProvider>;
  };
  const entries = Object.entries(shims).map(async ([type, provider]) => [
    type,
    (await pulumi.runtime.serializeFunction(() => provider, { allowSecrets: true })).text,
  ]);
  return Object.fromEntries(await Promise.all(entries)) as Record<ResourceType, string>;
}

function answer<Response>(ask: (done: (error: grpc.ServiceError | null, response: Response) => void) => unknown) {
  return new Promise<Response>((answered, failed) =>
    ask((error, response) => (error ? failed(error) : answered(response))),
  );
}

function struct(values: Values): Struct {
  return Struct.fromJavaScript(JSON.parse(JSON.stringify(values)) as Parameters<typeof Struct.fromJavaScript>[0]);
}

/** Without the provider's text, which every answer repeats. */
function plain(properties: Struct | undefined): Values {
  const entries = Object.entries(properties?.toJavaScript() ?? {});
  return Object.fromEntries(entries.filter(([key]) => key !== "__provider"));
}
