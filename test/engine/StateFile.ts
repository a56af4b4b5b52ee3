/**
 * The state of a stack on disk, in the layout of Pulumi's file backend, so that the CLI and this engine can take turns
 * on one directory:
 *
 *     <stateDirectory>/.pulumi/meta.yaml                                         the backend's version
 *     <stateDirectory>/.pulumi/stacks/<project>/<stack>.json                     the checkpoint
 *     <stateDirectory>/.pulumi/locks/organization/<project>/<stack>/<id>.json    who is at work
 *
 * A checkpoint is `{ version: 3, checkpoint: { stack, latest: { manifest, secrets_providers, resources, ... } } }`.
 * Sources: sdk/go/common/apitype/core.go, pkg/resource/stack/deployment.go and pkg/backend/diy of pulumi/pulumi.
 */
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { type ExportedState } from "./Engine";
import {
  allDependencyUrns,
  deserializeResource,
  type PendingOperation,
  type ResourceState,
  type SerializedResource,
  serializeResource,
} from "./ResourceState";
import { type Secrets } from "./Secrets";

/** What one deployment leaves behind and the next one begins with. */
export interface Snapshot {
  resources: ResourceState[];
  pendingOperations: PendingOperation[];
}

/** Version 4 names what an engine must know to read the state; here, that resources have hooks. */
interface StateVersion {
  version: number;
  features?: string[];
}

interface SerializedDeployment {
  manifest?: unknown;
  secrets_providers?: { type: string; state?: { salt?: string } };
  resources?: SerializedResource[];
  pending_operations?: { resource: SerializedResource; type: PendingOperation["type"] }[];
  [key: string]: unknown;
}

interface Checkpoint extends StateVersion {
  checkpoint: { stack: string; latest?: SerializedDeployment };
}

interface LockContent {
  pid: number;
  username: string;
  hostname: string;
  timestamp: string;
}

/** The version of the engine that is written into the manifest; the CLI wants to see one. */
const manifestVersion = "v3.248.0";

export class StateFile {
  readonly #bookkeeping: string;
  readonly path: string;
  readonly #lockDirectory: string;
  readonly #stackUrn: string;

  constructor(
    stateDirectory: string,
    readonly project: string,
    readonly stack: string,
  ) {
    this.#bookkeeping = join(stateDirectory, ".pulumi");
    this.path = join(this.#bookkeeping, "stacks", project, `${stack}.json`);
    this.#lockDirectory = join(this.#bookkeeping, "locks", "organization", project, stack);
    this.#stackUrn = `organization/${project}/${stack}`;
  }

  exists(): boolean {
    return existsSync(this.path);
  }

  /** Makes an empty stack, as `pulumi stack init` does. */
  create(): void {
    const meta = join(this.#bookkeeping, "meta.yaml");
    if (!existsSync(meta)) writeAtomically(meta, "version: 1\n");
    this.#write(undefined);
  }

  /** The salt of the state's secrets provider, if the state was ever written with one. */
  salt(): string | undefined {
    const provider = this.#readDeployment()?.secrets_providers;
    if (provider !== undefined && provider.type !== "passphrase") {
      throw new Error(
        `the state of ${this.#stackUrn} uses the secrets provider "${provider.type}"; only "passphrase" is known`,
      );
    }
    return provider?.state?.salt;
  }

  read(secrets: Secrets): Snapshot {
    const deployment = this.#readDeployment();
    const snapshot = {
      resources: (deployment?.resources ?? []).map((resource) => deserializeResource(resource, secrets)),
      pendingOperations: (deployment?.pending_operations ?? []).map(({ resource, type }) => ({
        resource: deserializeResource(resource, secrets),
        type,
      })),
    };
    verifyIntegrity(snapshot);
    return snapshot;
  }

  save(snapshot: Snapshot, secrets: Secrets): void {
    const deployment: SerializedDeployment = {
      manifest: {
        time: new Date().toISOString(),
        magic: createHash("sha256").update(manifestVersion).digest("hex"),
        version: manifestVersion,
      },
      secrets_providers: { type: "passphrase", state: { salt: secrets.salt } },
      metadata: {},
    };
    if (snapshot.resources.length > 0) {
      deployment.resources = snapshot.resources.map((resource) => serializeResource(resource, secrets));
    }
    if (snapshot.pendingOperations.length > 0) {
      deployment.pending_operations = snapshot.pendingOperations.map(({ resource, type }) => ({
        resource: serializeResource(resource, secrets),
        type,
      }));
    }
    this.#write(deployment);
    // After the write, as the CLI does it: what is on disk then is what it will not read again.
    verifyIntegrity(snapshot);
  }

  exportState(): ExportedState {
    const deployment = this.#readDeployment() ?? {};
    return { ...versionOf(deployment), deployment };
  }

  importState(state: ExportedState): void {
    refuseUnknownVersion("the state that is imported", state);
    this.#write(state.deployment as SerializedDeployment);
  }

  /**
   * Takes the stack for one operation.
   * @returns what gives it back
   * @throws if somebody holds it, in the words of the CLI: who, since when, and what to do
   */
  lock(): () => void {
    this.#refuseIfLocked();
    const path = join(this.#lockDirectory, `${randomUUID()}.json`);
    const content: LockContent = {
      pid: process.pid,
      username: userInfo().username,
      hostname: hostname(),
      timestamp: new Date().toISOString(),
    };
    writeAtomically(path, JSON.stringify(content));
    return () => rmSync(path, { force: true });
  }

  /** `pulumi cancel`: forgets every lock of this stack. */
  unlock(): void {
    rmSync(this.#lockDirectory, { recursive: true, force: true });
  }

  #refuseIfLocked(): void {
    const locks = existsSync(this.#lockDirectory)
      ? readdirSync(this.#lockDirectory).filter((name) => name.endsWith(".json"))
      : [];
    if (locks.length === 0) return;
    const holders = locks.map((name) => {
      const path = join(this.#lockDirectory, name);
      const { username, hostname: host, pid, timestamp } = JSON.parse(readFileSync(path, "utf8")) as LockContent;
      return `\n  file://${path}: created by ${username}@${host} (pid ${pid}) at ${timestamp}`;
    });
    throw new Error(
      `the stack is currently locked by ${locks.length} lock(s). Either wait for the other process(es) to end or ` +
        `delete the lock file with \`pulumi cancel\`.${holders.join("")}`,
    );
  }

  #readDeployment(): SerializedDeployment | undefined {
    if (!this.exists()) return undefined;
    const file = JSON.parse(readFileSync(this.path, "utf8")) as Checkpoint;
    refuseUnknownVersion(this.path, file);
    return file.checkpoint.latest;
  }

  #write(latest: SerializedDeployment | undefined): void {
    const checkpoint: Checkpoint = {
      ...versionOf(latest),
      checkpoint: { stack: this.#stackUrn, ...(latest !== undefined && { latest }) },
    };
    writeAtomically(this.path, JSON.stringify(checkpoint, undefined, 4) + "\n");
  }
}

/** Source: `ApplyFeatures` and `SerializeDeploymentWithMetadata`, pkg/resource/stack/deployment.go. */
function versionOf(deployment: SerializedDeployment | undefined): StateVersion {
  const hasHooks = deployment?.resources?.some(({ resourceHooks }) => resourceHooks !== undefined) === true;
  return hasHooks ? { version: 4, features: ["hooks"] } : { version: 3 };
}

function refuseUnknownVersion(what: string, { version, features = [] }: StateVersion): void {
  if (version !== 3 && (version !== 4 || features.some((feature) => feature !== "hooks"))) {
    throw new Error(`${what} has version ${version} (${features.join(", ")}): known are version 3, and 4 with hooks`);
  }
}

/** What a resource depends on stands before it. Source: `VerifyIntegrity`, pkg/resource/deploy/snapshot.go. */
function verifyIntegrity({ resources }: Snapshot): void {
  const urns = new Set<string>();
  for (const resource of resources) {
    const missing = [...allDependencyUrns(resource)].find((urn) => !urns.has(urn));
    if (missing !== undefined) {
      throw new Error(`snapshot integrity failure: resource ${resource.urn} refers to missing dependency ${missing}`);
    }
    urns.add(resource.urn);
  }
}

/** Whoever reads the file, or comes after a crash, sees the old content or the new one, never half of it. */
function writeAtomically(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, content, { mode: 0o600 });
  renameSync(temporary, path);
}
