import type { ConnectionReason, ConnectionState } from "../client/client.ts";

/** What a player reads about a connection. Empty texts are not shown. */
export interface ConnectionWords {
  readonly label: string;
  /** What went wrong last. */
  readonly problem: string;
  /** When the next try is. */
  readonly retry: string;
  /** What the button says; null when there is nothing to press. */
  readonly action: string | null;
}

/** What a client says of its connection. */
export interface ConnectionStatus {
  readonly state: ConnectionState;
  readonly reason: ConnectionReason | null;
}

/**
 * Puts a connection into words.
 *
 * @param now in ms since 1970
 */
export function connectionWords({ state, reason }: ConnectionStatus, now: number): ConnectionWords {
  const problem = reason?.message ?? "";
  switch (state) {
    case "idle":
      return { label: "Not connected", problem: "", retry: "", action: "Connect" };
    case "connecting":
      return { label: "Connecting", problem, retry: "", action: null };
    case "connected":
      return { label: "Connected", problem: "", retry: "", action: null };
    case "reconnecting":
      return {
        label: "Reconnecting",
        problem,
        retry: retryWords(reason?.retryAtMs, now),
        action: "Reconnect now",
      };
    case "closed":
      return {
        label: "Disconnected",
        // It is what they asked for, so not a problem.
        problem: reason?.code === "disconnected" ? "" : problem,
        retry: "",
        action: reason?.code === "incompatible" ? null : "Reconnect",
      };
  }
}

/** Seconds until the next try, rounded up so that it never says 0 while it still waits. */
function retryWords(retryAtMs: number | undefined, now: number): string {
  const waitMs = (retryAtMs ?? now) - now;
  return waitMs <= 0 ? "Trying now…" : `Next try in ${Math.ceil(waitMs / 1000)} s`;
}

/** A round trip for people, for example `12 ms`; empty when it is not known. */
export function latencyWords(latencyMs: number | null): string {
  if (latencyMs === null) return "";
  return latencyMs < 1 ? "<1 ms" : `${Math.round(latencyMs)} ms`;
}
