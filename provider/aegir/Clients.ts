/** Clients as resources see them: found by their internal name, made, renamed, given a panel user, and deleted. */
import { mailKey } from "../naming/PanelUser";
import type { ClientFacts } from "../worker/facts";
import type { VerbArguments, VerbResult } from "../worker/protocol";
import { WorkerRefusal } from "../worker/WorkerRefusal";
import type { DrushWorker } from "./DrushWorker";
import { meaningOf } from "./workerRefusals";

/** A panel user that a client is to have: found by the address, or made. */
export type WantedUser = NonNullable<VerbArguments<"createClient">["user"]>;

export class Clients {
  constructor(private readonly worker: DrushWorker) {}

  /** The client of this internal name, and with `name` others that could be taken for it. */
  async look(internalName: string, name?: string): Promise<VerbResult<"client">> {
    return (await this.worker.call("client", { internalName, name })).result;
  }

  /** Makes the client and, in the same transaction, binds its user. */
  async create(internalName: string, name: string, user: WantedUser | null): Promise<ClientFacts> {
    try {
      return (await this.worker.call("createClient", { internalName, name, user })).result.client;
    } catch (error) {
      const ifAltered =
        "Configure the server's clientPrefix as it is there, and declare an internalName that begins with it";
      throw meaningOf(error, this.worker.label, { client: internalName, mail: user?.mail, ifAltered }) ?? error;
    }
  }

  /** Compare-and-set: refused if the client has another name by now than `from`. */
  async rename({ internalName, nid, name: from }: ClientFacts, to: string): Promise<ClientFacts> {
    try {
      return (await this.worker.call("renameClient", { internalName, nid, from, to })).result.client;
    } catch (error) {
      const ifAltered = "Declare the name that the server has: a save of this client would give it another login";
      throw meaningOf(error, this.worker.label, { client: internalName, ifAltered }) ?? error;
    }
  }

  /**
   * Binds the user with this address, or creates one.
   * @returns `nameTaken` if the new user's name belongs to another user: the client itself may have been written before
   */
  async ensureUser(client: ClientFacts, user: WantedUser): Promise<{ client: ClientFacts; nameTaken?: Error }> {
    if (boundUser(client, user.mail)) return { client };
    const { internalName } = client;
    try {
      await this.worker.call("ensureUser", { client: internalName, user });
    } catch (error) {
      // Whatever else is refused may be asked again, by this run or by the next one.
      if (!(error instanceof WorkerRefusal && error.code === "nameTaken")) throw error;
      return {
        client,
        nameTaken: meaningOf(error, this.worker.label, { client: internalName, mail: user.mail }) ?? error,
      };
    }
    return { client: (await this.look(internalName, client.name)).client ?? client };
  }

  /** Deletes the client's node; it may be gone already. */
  async delete(
    { internalName, nid }: ClientFacts,
    given: Pick<VerbArguments<"deleteClient">, "dropBindings" | "dropPlatforms" | "replaceLast">,
  ): Promise<void> {
    try {
      await this.worker.call("deleteClient", { internalName, nid, ...given });
    } catch (error) {
      if (!(error instanceof WorkerRefusal && error.code === "missing")) throw error;
    }
  }
}

/** The client's user with this address. */
export function boundUser(client: ClientFacts, mail: string): ClientFacts["users"][number] | undefined {
  return client.users.find((user) => sameMail(user.mail, mail));
}

/** MySQL compares addresses without case, and so does Drupal. */
export function sameMail(left: string, right: string | undefined): boolean {
  return right !== undefined && mailKey(left) === mailKey(right);
}
