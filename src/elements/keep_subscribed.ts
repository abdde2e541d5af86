import type { PresenceInterestParams, PresenceView } from "../client/client.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { sharedClock } from "./shared_clock.ts";

/** How long after a refusal to ask again, in ms. */
const RETRY_MS = 5_000;

/**
 * Subscribes until the signal is aborted, and then ends what was subscribed. A refusal, as of a
 * server that cannot reach its store, is not for ever: it is asked again. What the server can never
 * take, as a location with a space in it, is not: the console says so too, for developers.
 *
 * @param answered called with null each time the server has subscribed; with the error, once, when
 * it never will
 */
export function keepSubscribed(
  view: Pick<PresenceView, "subscribe" | "unsubscribe">,
  interest: PresenceInterestParams,
  signal: AbortSignal,
  answered: (refusal: unknown) => void,
): void {
  const end = (): void => {
    // Without a connection, or soon without one, there is nothing to end.
    view.unsubscribe(interest).catch(() => {});
  };
  const ask = (): void => {
    view.subscribe(interest, { signal }).then(() => {
      if (signal.aborted) return end();
      signal.addEventListener("abort", end);
      answered(null);
    }, (error) => {
      if (signal.aborted) return;
      if (!isPointless(error)) return askLater();
      console.warn("Cannot subscribe to", interest, error);
      answered(error);
    });
  };
  const askLater = (): void => {
    const stop = sharedClock.every(RETRY_MS, () => {
      stop();
      signal.removeEventListener("abort", stop);
      ask();
    });
    signal.addEventListener("abort", stop);
  };
  ask();
}

/** By name, not by class: elements and client may come from two bundles. */
function isPointless(error: unknown): boolean {
  const { code, name } = Object(error) as { readonly code?: unknown; readonly name?: unknown };
  return name === "RpcError" && (code === ErrorCode.invalidParams || code === ErrorCode.forbidden);
}
