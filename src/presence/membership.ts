import { type Bus, BusError, type BusMessage, type BusSubscription } from "../bus/bus.ts";
import type { Subjects } from "../bus/subjects.ts";
import { type Beat, type Obituary, parseNews } from "./beat.ts";
import { nodeOf } from "./instance.ts";
import { Peers, type Verdict } from "./peers.ts";
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
  /** Another node has ended what was left of a dead one. */
  readonly onBuried: (instance: Instance) => void;
  /** This node's peers take it for dead, or it was absent for so long that they may. */
  readonly onDoubt: () => void;
  /** Something that another node said was lost, though this node's own link is up. */
  readonly onMissed: () => void;
}

/**
 * Which nodes there are. Each beats on the bus; one that is late is asked on a subject of its own,
 * and when the bus says, and says again, that nobody is there, its process is gone: a crash is proven,
 * not guessed. One that is there but does not answer is convicted by its silence. A node whose own
 * link is down, or that does not hear even itself, suspects nobody. Beats are numbered: one that never
 * came tells that other words may have got lost with it.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #peers: Peers;
  readonly #asked = new Set<string>();
  #subscriptions: BusSubscription[] = [];
  #timers: ReturnType<typeof setInterval>[] = [];
  #stopStatus: (() => void) | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#peers = new Peers(options.nodeId);
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
    if (this.#options.bus.status !== "connected") return;
    const seq = this.#peers.beat();
    this.#publish(this.#options.nodeId, { ...this.#options.beat(), seq });
  }

  /** Tells the others that what was left of a dead instance is ended. */
  bury(instance: Instance): void {
    this.#peers.forget(instance);
    const obituary: Obituary = { instance, buried_by: this.#options.nodeId };
    this.#publish(nodeOf(instance), obituary);
  }

  /** Says goodbye, so that nobody has to find out: this node has no session left. */
  leave(): void {
    this.stop();
    this.#publish(this.#options.nodeId, { ...this.#options.beat(), is_leaving: true });
  }

  /** Falls silent. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#stopStatus?.();
    this.#timers = [];
    this.#subscriptions = [];
  }

  #publish(nodeId: string, news: Beat | Obituary): void {
    const { bus, subjects } = this.#options;
    if (bus.status === "connected") {
      bus.publish(subjects.nodeHeartbeat(nodeId), JSON.stringify(news));
    }
  }

  #hear(message: BusMessage): void {
    const news = parseNews(message.data);
    if (news === undefined) return;
    const isOwn = news.instance === this.#options.beat().instance;
    if ("buried_by" in news) this.#mourn(news, isOwn);
    else if (isOwn) this.#peers.hearSelf(news.seq ?? 0, performance.now());
    else if (this.#peers.hear(news, performance.now())) void this.#ask(news.node_id);
  }

  #mourn({ instance, buried_by }: Obituary, isOwn: boolean): void {
    if (isOwn) this.#options.onDoubt();
    else if (buried_by !== this.#options.nodeId) {
      this.#peers.forget(instance);
      this.#options.onBuried(instance);
    }
  }

  #judge(): void {
    if (this.#options.bus.status !== "connected") return;
    for (const verdict of this.#peers.judge(performance.now())) this.#follow(verdict);
  }

  #follow(verdict: Verdict): void {
    const { onDead, onDoubt, onMissed } = this.#options;
    switch (verdict.kind) {
      case "ask":
        return void this.#ask(verdict.nodeId);
      case "beat":
        return this.beat();
      case "dead":
        return onDead(verdict.instance);
      case "doubt":
        return onDoubt();
      case "missed":
        return onMissed();
    }
  }

  async #ask(nodeId: string): Promise<void> {
    if (this.#asked.has(nodeId)) return;
    this.#asked.add(nodeId);
    const { bus, subjects } = this.#options;
    try {
      const options = { timeoutMs: PROBE_TIMEOUT_MS };
      const reply = parseNews((await bus.request(subjects.nodeProbe(nodeId), "", options)).data);
      if (reply === undefined) return;
      this.#giveUp(this.#peers.answered(nodeId, reply.instance, performance.now()));
    } catch (error) {
      // Only this proves anything: nobody listens where the node would.
      if (error instanceof BusError && error.reason === "no_responders") {
        this.#giveUp(this.#peers.absent(nodeId, performance.now()));
      }
    } finally {
      this.#asked.delete(nodeId);
    }
  }

  #giveUp(instances: readonly Instance[]): void {
    for (const instance of instances) this.#options.onDead(instance);
  }
}
