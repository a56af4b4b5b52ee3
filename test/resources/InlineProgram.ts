/**
 * Runs a program in this process, as the Automation API runs an inline one (`@pulumi/pulumi/automation/server`), against
 * a monitor that takes note of every registration and gives inputs back as outputs. What a provider does is not part of
 * it. A process that runs failing programs must not be mocha's, which takes their unhandled rejections for its own.
 */
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import {
  GetRootResourceResponse,
  LogRequest,
  LogSeverity,
  SetRootResourceRequest,
  SetRootResourceResponse,
} from "@pulumi/pulumi/proto/engine_pb";
import { RunRequest } from "@pulumi/pulumi/proto/language_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import {
  ReadResourceRequest,
  ReadResourceResponse,
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
  RegisterResourceResponse,
  SupportsFeatureRequest,
  SupportsFeatureResponse,
} from "@pulumi/pulumi/proto/resource_pb";

export type Program = () => Promise<Record<string, unknown>>;

export interface Registration {
  type: string;
  name: string;
  /** As sent to the engine: plain values, unknown ones as Pulumi's sentinel. */
  inputs: Record<string, unknown>;
  secretOutputs: string[];
}

export interface ProgramRun {
  registered: Registration[];
  /** What was looked up by id. */
  read: { type: string; name: string; id: string; secretOutputs: string[] }[];
  /** What the program returned. */
  outputs: Record<string, unknown>;
  /** Messages of severity error, as Pulumi shows them. */
  errors: string[];
}

type Call<Request> = grpc.ServerUnaryCall<Request, unknown>;
type Done = grpc.sendUnaryData<unknown>;

export async function runInline(program: Program, { preview = false } = {}): Promise<ProgramRun> {
  const run: ProgramRun = { registered: [], read: [], outputs: {}, errors: [] };
  const server = new grpc.Server();
  server.addService(ResourceMonitorService, monitor(run));
  server.addService(EngineService, engine(run));
  const address = await new Promise<string>((listening, failed) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? failed(error) : listening(`127.0.0.1:${port}`),
    ),
  );
  const request = new RunRequest();
  request.setProject("project");
  request.setStack("stack");
  request.setOrganization("organization");
  request.setParallel(4);
  request.setDryrun(preview);
  request.setMonitorAddress(address);
  request.setArgsList([address]);
  // Its declarations are stripped from the package.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { LanguageServer } = require("@pulumi/pulumi/automation/server");
  await new Promise<void>((ended) => new LanguageServer(program).run({ request }, () => ended()));
  server.forceShutdown();
  return run;
}

/** What the program needs of an engine of today; output values are left out, so that inputs arrive plain. */
const features = ["secrets", "resourceReferences", "aliasSpecs", "deletedWith"];

function monitor(run: ProgramRun): grpc.UntypedServiceImplementation {
  return {
    supportsFeature: ({ request }: Call<SupportsFeatureRequest>, done: Done) => {
      const response = new SupportsFeatureResponse();
      response.setHassupport(features.includes(request.getId()));
      done(null, response);
    },
    registerResource: ({ request }: Call<RegisterResourceRequest>, done: Done) => {
      const [type, name] = [request.getType(), request.getName()];
      const inputs = request.getObject()?.toJavaScript() ?? {};
      if (request.getCustom()) {
        run.registered.push({ type, name, inputs, secretOutputs: request.getAdditionalsecretoutputsList() });
      }
      const response = new RegisterResourceResponse();
      response.setUrn(`urn:pulumi:stack::project::${type}::${name}`);
      response.setObject(Struct.fromJavaScript(inputs));
      done(null, response);
    },
    readResource: ({ request }: Call<ReadResourceRequest>, done: Done) => {
      const [type, name, id] = [request.getType(), request.getName(), request.getId()];
      run.read.push({ type, name, id, secretOutputs: request.getAdditionalsecretoutputsList() });
      const response = new ReadResourceResponse();
      response.setUrn(`urn:pulumi:stack::project::${type}::${name}`);
      response.setProperties(request.getProperties());
      done(null, response);
    },
    registerResourceOutputs: ({ request }: Call<RegisterResourceOutputsRequest>, done: Done) => {
      run.outputs = request.getOutputs()?.toJavaScript() ?? {};
      done(null, new Empty());
    },
    signalAndWaitForShutdown: (_: Call<Empty>, done: Done) => done(null, new Empty()),
  };
}

function engine(run: ProgramRun): grpc.UntypedServiceImplementation {
  let root = "";
  return {
    log: ({ request }: Call<LogRequest>, done: Done) => {
      if (request.getSeverity() === LogSeverity.ERROR) run.errors.push(request.getMessage());
      done(null, new Empty());
    },
    getRootResource: (_: Call<Empty>, done: Done) => {
      const response = new GetRootResourceResponse();
      response.setUrn(root);
      done(null, response);
    },
    setRootResource: ({ request }: Call<SetRootResourceRequest>, done: Done) => {
      root = request.getUrn();
      done(null, new SetRootResourceResponse());
    },
  };
}
