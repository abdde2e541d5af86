import { type Bus, BusError, type BusMessage, type BusSubscription } from "../bus/bus.ts";
import type { Subjects } from "../bus/subjects.ts";
import { type Beat, Peers } from "./peers.ts";
import type { Instance } from "./store.ts";

const BEAT_MS = 500;
const JUDGE_MS = 50;
const PROBE_TIMEOUT_MS = 400;

/** What {@linkcode Membership} works with. */
export interface MembershipOptions {
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly nodeId: string;
  /** What this node says of itself now. */
  readonly beat: () => Beat;
  /** A peer is dead: proven, convicted, or replaced by a later incarnation. */
  readonly onDead: (instance: Instance) => void;
  /** This node was absent for so long that its peers may have taken it for dead. */
  readonly onDoubt: () => void;
}

/**
 * Which nodes there are. Each beats on the bus; one that is late is asked on a subject of its own,
 * and when the bus says that nobody is there, its process is gone: a crash is proven, not guessed.
 * One that is there but does not answer is convicted by its silence. A node whose own link is down
 * suspects nobody.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #peers = new Peers();
  readonly #asked = new Set<string>();
  #subscriptions: BusSubscription[] = [];
  #timers: ReturnType<typeof setInterval>[] = [];
  #stopStatus: (() => void) | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** What the other nodes last said of themselves. */
  get peers(): readonly Beat[] {
    return this.#peers.beats;
  }

  start(): void {
    const { bus, subjects, nodeId, beat } = this.#options;
    this.#subscriptions = [
      bus.subscribe(subjects.allNodeHeartbeats(), (message) => this.#hear(message)),
      bus.subscribe(
        subjects.nodeProbe(nodeId),
        (message) => message.respond(JSON.stringify(beat())),
      ),
    ];
    this.#stopStatus = bus.onStatus((status) => {
      this.#peers.suspend();
      if (status === "connected") this.beat();
    });
    this.#timers = [
      setInterval(() => this.beat(), BEAT_MS),
      setInterval(() => this.#judge(), JUDGE_MS),
    ];
    this.beat();
  }

  /** Beats now, besides the regular beats. */
  beat(): void {
    this.#publish(this.#options.beat());
  }

  /** Says goodbye, so that nobody has to find out: this node has no session left. */
  leave(): void {
    this.stop();
    this.#publish({ ...this.#options.beat(), is_leaving: true });
  }

  /** Falls silent. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#stopStatus?.();
    this.#timers = [];
    this.#subscriptions = [];
  }

  #publish(beat: Beat): void {
    const { bus, subjects, nodeId } = this.#options;
    if (bus.status === "connected") {
      bus.publish(subjects.nodeHeartbeat(nodeId), JSON.stringify(beat));
    }
  }

  #hear(message: BusMessage): void {
    const beat = parseBeat(message.data);
    if (beat === undefined) return;
    const nowMs = performance.now();
    if (beat.instance === this.#options.beat().instance) this.#peers.hearSelf(nowMs);
    else if (this.#peers.hear(beat, nowMs)) void this.#ask(beat.node_id);
  }

  #judge(): void {
    if (this.#options.bus.status !== "connected") return;
    for (const verdict of this.#peers.judge(performance.now())) {
      if (verdict.kind === "dead") this.#options.onDead(verdict.instance);
      else if (verdict.kind === "ask") void this.#ask(verdict.nodeId);
      else this.#options.onDoubt();
    }
  }

  async #ask(nodeId: string): Promise<void> {
    if (this.#asked.has(nodeId)) return;
    this.#asked.add(nodeId);
    const { bus, subjects } = this.#options;
    try {
      const options = { timeoutMs: PROBE_TIMEOUT_MS };
      const reply = parseBeat((await bus.request(subjects.nodeProbe(nodeId), "", options)).data);
      if (reply === undefined) return;
      this.#bury(this.#peers.answered(nodeId, reply.instance, performance.now()));
    } catch (error) {
      // Only this proves anything: nobody listens where the node would.
      if (error instanceof BusError && error.reason === "no_responders") {
        this.#bury(this.#peers.absent(nodeId));
      }
    } finally {
      this.#asked.delete(nodeId);
    }
  }

  #bury(instances: readonly Instance[]): void {
    for (const instance of instances) this.#options.onDead(instance);
  }
}

function parseBeat(data: string): Beat | undefined {
  try {
    const beat = JSON.parse(data) as Partial<Beat> | null;
    const isBeat = typeof beat?.node_id === "string" && typeof beat.instance === "string" &&
      typeof beat.region === "string" && typeof beat.connections === "number" &&
      typeof beat.started_at === "string" && typeof beat.is_leaving === "boolean";
    return isBeat ? beat as Beat : undefined;
  } catch {
    return undefined;
  }
}
