import { EventStreams } from "./event_streams.ts";
import { LoadClient, type LoadClientListener, openAll } from "./load_client.ts";
import type { ScenarioName } from "./options.ts";
import { locationOf, membersAt, type Plan, type PlannedClient, userIdOf } from "./plan.ts";
import { PresenceWatch } from "./presence_watch.ts";
import type { Recorder } from "./recorder.ts";
import type { Slot } from "./schedule.ts";
import { Visitor } from "./visitor.ts";

/** So many of a thread's clients connect at once. */
const OPENING_AT_ONCE = 20;

/** Zones that players of the presence scenario move between. */
const ZONES = 20;

/** One of those who come and go does something every so many ms. */
const VISIT_INTERVAL_MS = 500;

type Action = "ping" | "event" | "location_event" | "visit" | "presence" | "move";

const SEED: readonly Action[] = [
  ...["ping", "event", "ping", "presence", "ping"] as const,
  ...["event", "ping", "location_event", "ping"] as const,
];

/** What clients do, in turn. */
const ACTIONS: Readonly<Record<Exclude<ScenarioName, "storm">, readonly Action[]>> = {
  ping: ["ping"],
  presence: ["move"],
  events: ["event", "event", "event", "event", "location_event"],
  mixed: SEED,
  soak: [...SEED, "visit"],
};

/** One thread's clients, who do in turn what their scenario says. */
export class Crew implements LoadClientListener {
  readonly #plan: Plan;
  readonly #recorder: Recorder;
  readonly #clients: readonly LoadClient[];
  readonly #visitors: readonly Visitor[];
  readonly #actions: readonly Action[];
  readonly #events: EventStreams;
  readonly #presence: PresenceWatch;
  #visits = 0;
  #visitTimer: ReturnType<typeof setInterval> | undefined;

  constructor(plan: Plan, actions: readonly Action[], recorder: Recorder) {
    const { run, connections, visitorCount } = plan;
    this.#plan = plan;
    this.#recorder = recorder;
    this.#actions = actions;
    this.#clients = plan.clients.map((client) => this.#client(client));
    this.#visitors = plan.visitors.map((visitor) => this.#visitor(visitor));
    this.#presence = new PresenceWatch(recorder);
    this.#events = new EventStreams({
      recorder,
      type: `load_${run}`,
      userAfter: (index) => userIdOf(run, (index + 1) % connections),
      visitorOf: (index) => userIdOf(run, connections + index % visitorCount),
      location: (index) => locationOf(run, index),
      membersAt: (index) => membersAt(connections, index),
    });
  }

  /** A crew for a scenario of messages; a storm is another thing. */
  static for(plan: Plan, recorder: Recorder): Crew | undefined {
    return plan.scenario === "storm" ? undefined : new Crew(plan, ACTIONS[plan.scenario], recorder);
  }

  /** Connects everyone, puts them where they belong and has them look at each other. */
  async assemble(): Promise<void> {
    await openAll(this.#clients, OPENING_AT_ONCE);
    await Promise.all(this.#visitors.map((visitor) => visitor.come()));
    this.#clients.forEach((client, position) => {
      const next = this.#clients[(position + 1) % this.#clients.length];
      if (next !== undefined) this.#presence.watch(next, client);
    });
    await Promise.all(this.#clients.map((client) => this.#prepare(client)));
  }

  /** Does what is due. */
  act({ index, atMs }: Slot): void {
    const position = index % this.#clients.length;
    const client = this.#clients[position];
    if (client === undefined || !client.isOpen) {
      this.#recorder.failed("not connected");
      return;
    }
    this.#recorder.sentLate(atMs);
    // By the number among all: else each thread would do the same thing at the same time.
    const turn = Math.floor(index / this.#clients.length) + client.index;
    this.#do(this.#actions[turn % this.#actions.length] ?? "ping", client, turn, atMs);
  }

  /** Begins to have some come and go. */
  startVisits(): void {
    if (this.#visitors.length === 0) return;
    this.#visitTimer = setInterval(() => {
      this.#visitors[this.#visits++ % this.#visitors.length]?.act();
    }, VISIT_INTERVAL_MS);
  }

  /** Everyone who comes and goes comes, and stays. */
  async stopVisits(): Promise<void> {
    clearInterval(this.#visitTimer);
    await Promise.all(this.#visitors.map((visitor) => visitor.stay()));
  }

  /** Whether nothing more is to come. */
  get isSettled(): boolean {
    return this.#presence.unseen === 0 &&
      this.#clients.every(({ outstanding }) => outstanding === 0);
  }

  /** Counts what did not come, and leaves. */
  async disband(): Promise<void> {
    this.#recorder.lost += this.#presence.unseen;
    for (const { outstanding } of this.#clients) this.#recorder.lost += outstanding;
    await Promise.all([...this.#clients, ...this.#visitors].map((client) => client.leave()));
  }

  onNotification(client: LoadClient, method: string, params: Record<string, unknown>): void {
    if (method === "player.event") this.#events.receive(client, params);
    else if (method === "presence.updated") this.#presence.receive(client, params);
    else if (method === "system.error") this.#recorder.failed(`system.error ${params["code"]}`);
    else if (!method.startsWith("system.")) this.#recorder.isWrong(`Unknown: ${method}`);
  }

  #client({ index, userId, url, token }: PlannedClient): LoadClient {
    const { isBatching } = this.#plan;
    const recorder = this.#recorder;
    return new LoadClient({ index, userId, url, token, isBatching, recorder, listener: this });
  }

  #visitor({ index, userId, token }: PlannedClient): Visitor {
    const { isBatching, urls, run } = this.#plan;
    const recorder = this.#recorder;
    const placeOf = (number: number) => `load:${run}:place${number}`;
    return new Visitor({
      ...{ index, userId, token, isBatching, recorder, listener: this },
      ...{ urls, placeOf },
    });
  }

  async #prepare(client: LoadClient): Promise<void> {
    const { run, connections, scenario } = this.#plan;
    if (scenario === "presence") {
      await client.ask("presence.subscribe", { all: true });
      return;
    }
    if (scenario === "ping") return;
    await client.ask("player.updateLocation", { location: locationOf(run, client.index) });
    const position = this.#clients.indexOf(client);
    const watched = this.#clients.at(position - 1)?.userId ?? userIdOf(run, connections - 1);
    await client.ask("presence.subscribe", { users: [watched] });
  }

  #do(action: Action, client: LoadClient, turn: number, atMs: number): void {
    if (action === "ping") client.call("ping", "system.ping", "{}", atMs, {});
    else if (action === "event") this.#events.sendToUser(client, atMs);
    else if (action === "visit") this.#events.sendToVisitor(client, atMs);
    else if (action === "location_event") this.#events.sendToLocation(client, atMs);
    else {
      const zone = action === "move"
        ? `load:${this.#plan.run}:zone${(turn + client.index) % ZONES}`
        : undefined;
      this.#presence.update(client, turn, zone, atMs);
    }
  }
}
