import { ErrorCode, RpcError } from "../protocol/errors.ts";
import type { ResumeResult } from "../protocol/methods.ts";
import type { Welcome } from "../protocol/notifications.ts";
import type { Calls } from "./calls.ts";
import type { ClientEnvironment } from "./environment.ts";
import { EventStream, type StreamMessage } from "./event_stream.ts";
import type { Outgoing } from "./outgoing.ts";
import { OwnPresence } from "./own_presence.ts";

/**
 * A server that cannot reach its store now is asked again so often, so soon, in ms: it keeps new
 * events back for a second after each refusal, so that they do not come before what was missed.
 */
const RESUME_RETRIES = 3;
const RESUME_RETRY_MS = 400;

/** What a session tells. */
export interface SessionEvents {
  /** A message of the numbered stream, each once. */
  deliver(message: StreamMessage): void;
  /** Another user than on the connection before, or a fresh start. */
  began(): void;
  /** Messages were missed and are lost. */
  gap(lastSeq: number): void;
  /** The server could not be asked to go on. */
  failed(error: unknown): void;
}

/** What goes on from one connection of a player to the next. */
export class Session {
  readonly #calls: Calls;
  readonly #events: SessionEvents;
  readonly #environment: ClientEnvironment;
  readonly #own = new OwnPresence();
  readonly stream: EventStream;
  /** The session to go on with; null for a fresh start. */
  #sessionId: string | null = null;
  #userId: string | null = null;
  #attached = false;
  /** Whether the server may not know what the player said: nothing has shown that it does. */
  #unsure = false;
  /** What to do with the answer to `session.resume`; null when none is awaited. */
  #settle: ((result: ResumeResult) => void) | null = null;
  #cancelRetry: () => void = () => {};

  constructor(calls: Calls, events: SessionEvents, environment: ClientEnvironment) {
    this.#calls = calls;
    this.#events = events;
    this.#environment = environment;
    this.stream = new EventStream((message) => events.deliver(message));
  }

  /**
   * A connection has been greeted: goes on with the session before, if there is one.
   *
   * @param ready called when other requests may follow
   */
  greeted({ session_id, user_id }: Welcome, ready: () => void): void {
    const before = this.#sessionId;
    const sameUser = this.#userId === user_id;
    this.#attached = true;
    this.#sessionId = session_id;
    this.#userId = user_id;
    if (before === null || !sameUser) {
      if (sameUser) this.stream.restart();
      else this.stream.reset();
      this.#own.reset();
      this.#unsure = false;
      this.#events.began();
      return ready();
    }
    this.stream.hold();
    // A session that was not resumed itself knows nothing that could be gone on with.
    const unsure = this.#unsure;
    this.#unsure = true;
    this.#settle = (result) => this.#resumed(result, unsure, ready);
    this.#resume(before, this.#settle, RESUME_RETRIES);
  }

  /** A request has been carried out. */
  answered(request: Outgoing, result: unknown): void {
    if (request.method !== "session.resume") return this.#own.add(request);
    const { resumed, replayed } = Object(result) as Partial<ResumeResult>;
    this.#settle?.({ resumed: resumed === true, replayed: Number(replayed) || 0 });
  }

  /** A notification has been sent: there will be no answer to go by. */
  notified(notification: Outgoing): void {
    this.#own.add(notification);
  }

  /** The connection is gone. */
  detached(): void {
    this.#attached = false;
    this.#settle = null;
    this.#cancelRetry();
    this.stream.stop();
  }

  /** The player took leave: the next connection is a fresh start. */
  end(): void {
    this.#sessionId = null;
  }

  #resume(sessionId: string, settle: (result: ResumeResult) => void, retries: number): void {
    const params = { session_id: sessionId, last_seq: this.stream.lastSeq };
    this.#calls.call("session.resume", params, {}, true).catch((error) => {
      // A connection that broke meanwhile says nothing: the next one asks again.
      if (this.#settle !== settle) return;
      if (retries > 0 && error instanceof RpcError && error.code === ErrorCode.unavailable) {
        const again = (): void => this.#resume(sessionId, settle, retries - 1);
        this.#cancelRetry = this.#environment.setTimer(again, RESUME_RETRY_MS);
        return;
      }
      this.#events.failed(error);
      settle({ resumed: false, replayed: 0 });
    });
  }

  /** Called while the answer is read, for the missed messages follow in the same frame. */
  #resumed(result: ResumeResult, unsure: boolean, ready: () => void): void {
    this.#settle = null;
    const { lastSeq } = this.stream;
    if (result.resumed && !unsure) this.#unsure = false;
    else this.#sayAgain();
    ready();
    // Whoever listens may have ended the connection.
    if (!this.#attached) return;
    if (!result.resumed) {
      this.#events.gap(lastSeq);
      if (!this.#attached) return;
    }
    this.stream.settle(result);
  }

  #sayAgain(): void {
    const { said } = this.#own;
    if (said === null) {
      this.#unsure = false;
      return;
    }
    this.#calls.call("player.updatePresence", said, {}, true).then(() => {
      this.#unsure = false;
    }, (error) => {
      // What a notification said, unanswered, may be nothing that the server takes.
      if (error instanceof RpcError && error.code === ErrorCode.invalidParams) this.#own.reset();
      this.#events.failed(error);
    });
  }
}
