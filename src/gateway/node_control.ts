import { type Bus, BusError, type BusSubscription } from "../bus/bus.ts";
import type { Subjects } from "../bus/subjects.ts";
import { StoreUnavailableError } from "../presence/store.ts";
import { CloseCode } from "../protocol/close_codes.ts";
import { ErrorCode, RpcError } from "../protocol/errors.ts";
import type { Hub } from "./hub.ts";
import { closeForSessionLimit } from "./session_limit.ts";

/** How long another node may take to carry out a command, in ms. */
const COMMAND_TIMEOUT_MS = 2000;

type Command =
  | { readonly op: "kick"; readonly user_id: string; readonly reason?: string }
  | { readonly op: "limit_sessions"; readonly session_id: string };

interface Retirement {
  readonly session_id: string;
}

/** What {@linkcode NodeControl} works with. */
export interface NodeControlOptions {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly nodeId: string;
  readonly hub: Hub;
  /** Ids of the other nodes that are known to live. */
  readonly peers: () => readonly string[];
  /** A user's sessions on all nodes, as they are recorded. */
  readonly sessionsOf: (userId: string) => Promise<readonly { readonly instance: string }[]>;
}

/** Commands between nodes: those that close connections. */
export class NodeControl {
  readonly #options: NodeControlOptions;
  #subscriptions: readonly BusSubscription[] = [];

  constructor(options: NodeControlOptions) {
    this.#options = options;
  }

  start(): void {
    const { bus, subjects, nodeId } = this.#options;
    this.#subscriptions = [
      bus.subscribe(subjects.nodeControl(nodeId), (message) => {
        const closed = this.#carryOut(JSON.parse(message.data) as Command);
        message.respond(JSON.stringify({ sessions: closed }));
      }),
      bus.subscribe(subjects.sessionRetired(), (message) => {
        this.#letGo((JSON.parse(message.data) as Retirement).session_id);
      }),
    ];
  }

  stop(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  /** Another connection took a session's place: whoever still holds its old socket lets go of it. */
  retire(sessionId: string): void {
    this.#letGo(sessionId);
    const retirement: Retirement = { session_id: sessionId };
    this.#options.bus.publish(this.#options.subjects.sessionRetired(), JSON.stringify(retirement));
  }

  /**
   * Closes a user's connections on every node.
   *
   * @returns how many
   * @throws {RpcError} unavailable, when a node that should be there did not answer
   */
  async kick(userId: string, reason: string | undefined): Promise<number> {
    const command: Command = {
      op: "kick",
      user_id: userId,
      ...(reason === undefined ? {} : { reason }),
    };
    const here = this.#carryOut(command);
    const nodeIds = await this.#holders(userId);
    const elsewhere = await Promise.all(nodeIds.map((nodeId) => this.#command(nodeId, command)));
    return elsewhere.reduce((sum, closed) => sum + closed, here);
  }

  /** Closes a session that another node holds, because its user opened one too many. */
  limitSessions(instance: string, sessionId: string): void {
    this.#command(nodeOf(instance), { op: "limit_sessions", session_id: sessionId }).catch(() => {
      // The node is going or gone, and its sessions with it.
    });
  }

  /**
   * The other nodes that may hold sessions of a user: all that are known, whose newest sessions may
   * not be recorded yet, and those with recorded sessions, which may not be known yet.
   */
  async #holders(userId: string): Promise<readonly string[]> {
    const { nodeId, peers, sessionsOf } = this.#options;
    const nodeIds = new Set(peers());
    try {
      for (const { instance } of await sessionsOf(userId)) nodeIds.add(nodeOf(instance));
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
    }
    nodeIds.delete(nodeId);
    return [...nodeIds];
  }

  /** Its client went on elsewhere: nobody is there to read why. */
  #letGo(sessionId: string): void {
    this.#options.hub.session(sessionId)?.close(CloseCode.normal, "resumed elsewhere");
  }

  async #command(nodeId: string, command: Command): Promise<number> {
    const { bus, subjects } = this.#options;
    try {
      const options = { timeoutMs: COMMAND_TIMEOUT_MS };
      const reply = await bus.request(
        subjects.nodeControl(nodeId),
        JSON.stringify(command),
        options,
      );
      return (JSON.parse(reply.data) as { sessions: number }).sessions;
    } catch (error) {
      // A node that is gone has no connections left.
      if (error instanceof BusError && error.reason === "no_responders") return 0;
      throw new RpcError(ErrorCode.unavailable, { part: "nats" });
    }
  }

  #carryOut(command: Command): number {
    const { hub } = this.#options;
    if (command.op === "limit_sessions") {
      const connection = hub.session(command.session_id);
      if (connection === undefined) return 0;
      closeForSessionLimit(connection);
      return 1;
    }
    const connections = [...hub.ofUser(command.user_id)];
    for (const connection of connections) {
      const data = command.reason === undefined ? undefined : { reason: command.reason };
      connection.fail(
        CloseCode.kicked,
        new RpcError(ErrorCode.forbidden, data, "Kicked"),
        closeReason(command.reason),
      );
    }
    return connections.length;
  }
}

/** An instance is a node's id and its incarnation. */
function nodeOf(instance: string): string {
  return instance.slice(0, instance.lastIndexOf(":"));
}

/** A close frame carries at most 123 bytes of reason (RFC 6455 §5.5). */
function closeReason(reason: string | undefined): string {
  if (reason === undefined) return "kicked";
  const text = `kicked: ${reason}`;
  return new TextEncoder().encode(text).length <= 123 ? text : "kicked";
}
