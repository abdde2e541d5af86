import { LoadClient, type LoadClientListener } from "./load_client.ts";
import type { Plan, Start } from "./plan.ts";
import { nowMs, type Recorder } from "./recorder.ts";

/** After the last client of a wave is due, so long for everyone to be in, and to be out, in ms. */
const IN_LIMIT_MS = 2000;
const IN_LIMIT_PER_CLIENT_MS = 5;
const OUT_LIMIT_MS = 1000;
const OUT_LIMIT_PER_CLIENT_MS = 2;

/** How often the list is looked at, in ms. */
const LIST_INTERVAL_MS = 20;

/** Join storms: everyone comes at once, is listed, and goes at once; again and again. */
export class Storm implements LoadClientListener {
  readonly #plan: Plan;
  readonly #recorder: Recorder;
  readonly #clients: readonly LoadClient[];
  readonly #inLimitMs: number;
  readonly #outLimitMs: number;

  constructor(plan: Plan, recorder: Recorder) {
    const { isBatching, connections } = plan;
    this.#inLimitMs = IN_LIMIT_MS + IN_LIMIT_PER_CLIENT_MS * connections;
    this.#outLimitMs = OUT_LIMIT_MS + OUT_LIMIT_PER_CLIENT_MS * connections;
    this.#plan = plan;
    this.#recorder = recorder;
    this.#clients = plan.clients.map((client) =>
      new LoadClient({ ...client, isBatching, recorder, listener: this })
    );
  }

  /** Waves until the time is over or `stopping` says so, one at least. */
  async run({ startMs, rate, durationMs }: Start, stopping: AbortSignal): Promise<void> {
    const comingMs = rate === 0 ? 0 : this.#clients.length / rate * 1000;
    const periodMs = comingMs + this.#inLimitMs + this.#outLimitMs;
    let waveMs = startMs;
    do {
      await until(waveMs);
      await this.#wave(waveMs, comingMs);
      waveMs += periodMs;
    } while (waveMs + periodMs <= startMs + durationMs && !stopping.aborted);
  }

  onNotification(_client: LoadClient, method: string, params: Record<string, unknown>): void {
    if (method === "system.error") this.#recorder.failed(`system.error ${params["code"]}`);
  }

  async #wave(waveMs: number, comingMs: number): Promise<void> {
    const deadlineMs = waveMs + comingMs + this.#inLimitMs;
    const coming = Promise.all(this.#clients.map(async (client, position) => {
      const atMs = waveMs + comingMs * position / this.#clients.length;
      await until(atMs);
      this.#recorder.sent++;
      this.#recorder.sentLate(atMs);
      await client.open(atMs).catch(() => this.#recorder.failed("connect"));
    }));
    await Promise.race([coming, until(deadlineMs)]);
    await this.#findEveryone(waveMs + comingMs, deadlineMs);
    await until(deadlineMs);
    this.#recorder.lost += this.#clients.filter(({ isOpen }) => !isOpen).length;
    const leaving = Promise.all(this.#clients.map((client) => client.leave()));
    await Promise.race([leaving, until(deadlineMs + this.#outLimitMs)]);
  }

  /** One client looks at the list until everyone of all threads is on it. */
  async #findEveryone(sinceMs: number, deadlineMs: number): Promise<void> {
    const client = this.#clients[0];
    if (client?.index !== 0 || !client.isOpen) return;
    while (nowMs() < deadlineMs) {
      const { total } = await client.ask("presence.list", { limit: 1 });
      if (typeof total === "number" && total >= this.#plan.connections) {
        this.#recorder.took("roster", sinceMs);
        return;
      }
      await until(nowMs() + LIST_INTERVAL_MS);
    }
    this.#recorder.isWrong("Not everyone is listed");
  }
}

function until(instantMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, instantMs - nowMs())));
}
