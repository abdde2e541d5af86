import { LoadClient, type LoadClientOptions } from "./load_client.ts";
import { BreakableSocket } from "./load_socket.ts";
import { nowMs, type Recorder } from "./recorder.ts";

/** What a visitor does, one thing after another. */
const STEPS = ["move", "break", "move", "leave", "come"] as const;

/** Places that visitors are at in turn. */
const PLACES = 7;

/** What {@linkcode Visitor} works with. */
export interface VisitorOptions extends Omit<LoadClientOptions, "dial" | "url"> {
  /** Gateways, `ws://…/ws`; each time it comes to the next one. */
  readonly urls: readonly string[];
  /** Where it is, by number. */
  readonly placeOf: (number: number) => string;
}

/**
 * A player who comes and goes, as it should and by a connection that breaks, each time to another
 * gateway, and resumes what was missed. Every event for it must come, once and in order, all the same.
 */
export class Visitor {
  readonly #options: VisitorOptions;
  readonly #recorder: Recorder;
  readonly #client: LoadClient;
  #socket: BreakableSocket | undefined;
  #lastSeq = 0;
  #visits = 0;
  #steps = 0;
  #step: Promise<void> | undefined;

  constructor(options: VisitorOptions) {
    const { recorder, listener } = options;
    this.#options = options;
    this.#recorder = recorder;
    this.#client = new LoadClient({
      ...options,
      url: "",
      dial: (_, protocols, listener) =>
        this.#socket = new BreakableSocket(this.#nextUrl(), protocols, listener),
      listener: {
        onNotification: (client, method, params) => {
          if (typeof params["seq"] === "number") this.#lastSeq = params["seq"];
          listener.onNotification(client, method, params);
        },
      },
    });
  }

  /** Comes for the first time, or again: then it resumes. */
  async come(): Promise<void> {
    const { sessionId } = this.#client;
    const atMs = nowMs();
    await this.#client.open(atMs);
    if (sessionId === undefined) return;
    const params = { session_id: sessionId, last_seq: this.#lastSeq };
    const { resumed } = await this.#client.ask("session.resume", params);
    if (resumed !== true) this.#recorder.isWrong(`Not resumed: ${JSON.stringify(params)}`);
    this.#recorder.took("resume", atMs);
  }

  /** Does the next thing, unless it is still at the last. */
  act(): void {
    if (this.#step !== undefined) return;
    this.#step = this.#do(STEPS[this.#steps++ % STEPS.length] ?? "move")
      .catch((error) => this.#recorder.failed(`visitor: ${error.message}`))
      .finally(() => this.#step = undefined);
  }

  /** Is there, to get what is still to come. */
  async stay(): Promise<void> {
    await this.#step;
    if (!this.#client.isOpen) await this.come();
  }

  leave(): Promise<void> {
    return this.#client.leave();
  }

  async #do(step: typeof STEPS[number]): Promise<void> {
    if (step === "move") await this.#move();
    else if (step === "leave") await this.leave();
    else {
      if (step === "break") await this.#client.lose(() => this.#socket?.break());
      await this.come();
    }
  }

  async #move(): Promise<void> {
    const location = this.#options.placeOf(this.#steps % PLACES);
    const presence = await this.#client.ask("player.updateLocation", { location });
    if (presence["location"] !== location) {
      this.#recorder.isWrong(`Moved to ${location}: ${JSON.stringify(presence)}`);
    }
  }

  #nextUrl(): string {
    const { urls, index } = this.#options;
    return urls[(index + this.#visits++) % urls.length] ?? "";
  }
}
