import { ErrorCode, RpcError } from "../protocol/errors.ts";
import type { PresenceInterestParams, PresencesResult } from "../protocol/methods.ts";
import type { Presence } from "../protocol/presence.ts";
import type { CallOptions } from "./client_options.ts";

/** Calls a presence method of the server. */
export type PresenceCall = (
  method: string,
  params: PresenceInterestParams,
  options: CallOptions,
) => Promise<unknown>;

/** What came of requests that were made together. */
export interface PresenceAnswers {
  /** Of the requests that were carried out. */
  readonly presences: readonly Presence[];
  /** Why the others were not. */
  readonly failures: readonly unknown[];
}

/** Requests of one method, made together and in the order given; waits for the answers to all. */
export class PresenceRequests {
  readonly #call: PresenceCall;

  constructor(call: PresenceCall) {
    this.#call = call;
  }

  /** `presence.subscribe`; never rejects. */
  subscribe(
    requests: readonly PresenceInterestParams[],
    options: CallOptions,
  ): Promise<PresenceAnswers> {
    return this.#make("presence.subscribe", requests, options);
  }

  /** `presence.unsubscribe`; never rejects. */
  unsubscribe(
    requests: readonly PresenceInterestParams[],
    options: CallOptions,
  ): Promise<PresenceAnswers> {
    return this.#make("presence.unsubscribe", requests, options);
  }

  async #make(
    method: string,
    requests: readonly PresenceInterestParams[],
    options: CallOptions,
  ): Promise<PresenceAnswers> {
    const answers = await Promise.allSettled(
      requests.map((params) => this.#call(method, params, options)),
    );
    const presences: Presence[] = [];
    const failures: unknown[] = [];
    for (const answer of answers) {
      if (answer.status === "rejected") failures.push(answer.reason);
      else presences.push(...(answer.value as Partial<PresencesResult>).presences ?? []);
    }
    return { presences, failures };
  }
}

/** Whether the server will not do it, however often it is asked. */
export function isRefusal(error: unknown): error is RpcError {
  return error instanceof RpcError &&
    (error.code === ErrorCode.invalidParams || error.code === ErrorCode.forbidden);
}
