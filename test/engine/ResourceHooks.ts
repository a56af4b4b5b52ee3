/**
 * Functions of the program that the engine calls before it does something to a resource, over the program's own gRPC
 * server. Known are those that run before a creation and before a deletion.
 * Source: pkg/resource/deploy/resource_hooks.go of pulumi/pulumi.
 */
import * as grpc from "@grpc/grpc-js";
import { CallbacksClient } from "@pulumi/pulumi/proto/callback_grpc_pb";
import { CallbackInvokeRequest } from "@pulumi/pulumi/proto/callback_pb";
import * as resource from "@pulumi/pulumi/proto/resource_pb";
import { toStruct } from "./properties";
import { type HookType, type ResourceState } from "./ResourceState";
import { nameOf } from "./Urn";

export interface ResourceHook {
  name: string;
  /** The program's server, and which of its functions is meant. */
  target: string;
  token: string;
  onDryRun: boolean;
}

export class ResourceHooks {
  readonly #hooks = new Map<string, ResourceHook>();

  constructor(private readonly isPreview: boolean) {}

  register(hook: ResourceHook): void {
    if (this.#hooks.has(hook.name)) throw new Error(`resource hook already registered for name "${hook.name}"`);
    this.#hooks.set(hook.name, hook);
  }

  /** @throws what the first hook that refuses says */
  async run(type: HookType, state: ResourceState): Promise<void> {
    for (const name of state.resourceHooks[type] ?? []) {
      const hook = this.#hooks.get(name);
      if (hook === undefined) throw new Error(`hook "${name}" was not registered`);
      const refusal = this.isPreview && !hook.onDryRun ? "" : await invoke(hook, requestOf(type, state));
      if (refusal !== "") throw new Error(`before hook "${name}" failed: ${refusal}`);
    }
  }
}

function requestOf(type: HookType, { urn, id, type: token, inputs, outputs }: ResourceState) {
  const request = new resource.ResourceHookRequest();
  request.setUrn(urn);
  request.setId(id);
  request.setName(nameOf(urn));
  request.setType(token);
  if (type === "BeforeCreate") {
    request.setNewInputs(toStruct(inputs));
  } else {
    request.setOldInputs(toStruct(inputs));
    request.setOldOutputs(toStruct(outputs));
  }
  return request;
}

/** @returns why the hook refuses; empty if it does not */
function invoke({ target, token }: ResourceHook, request: resource.ResourceHookRequest): Promise<string> {
  const client = new CallbacksClient(target, grpc.credentials.createInsecure());
  const call = new CallbackInvokeRequest();
  call.setToken(token);
  call.setRequest(request.serializeBinary());
  return new Promise<string>((done, failed) =>
    client.invoke(call, (error, response) => {
      if (error === null) {
        done(resource.ResourceHookResponse.deserializeBinary(response.getResponse_asU8()).getError());
      } else {
        failed(error);
      }
    }),
  ).finally(() => client.close());
}
