import type { ConnectionReason, ConnectionState, Welcome } from "../client.ts";
import { ClientError, RpcError } from "../client.ts";

/** Which line of the input, and which method, something is about; null for none. */
export interface Place {
  readonly line: number | null;
  readonly method: string | null;
}

/** The place of a call. */
export interface CallPlace extends Place {
  readonly method: string;
}

/** What the terminal client tells. */
export interface Printer {
  welcome(welcome: Welcome): void;
  state(state: ConnectionState, reason: ConnectionReason | null): void;
  result(place: CallPlace, result: unknown): void;
  notification(method: string, params: unknown): void;
  failure(place: Place, error: unknown): void;
  text(lines: readonly string[]): void;
}

/** One JSON object a line; `type` says what it is. */
export function jsonPrinter(write: (line: string) => void): Printer {
  const print = (value: object): void => write(JSON.stringify(value));
  return {
    welcome: () => {},
    state: (state, reason) => print({ type: "state", state, reason }),
    result: (place, result) => print({ type: "result", ...place, result }),
    notification: (method, params) => print({ type: "notification", method, params }),
    failure: (place, error) => print({ type: "error", ...place, error: describe(error) }),
    text: (lines) => print({ type: "text", lines }),
  };
}

/** What a terminal acts on, or what turns its line around. */
const UNSEEN = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Words of somebody else, as they may be written to a terminal. */
function shown(words: string): string {
  return words.replace(UNSEEN, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/**
 * Text for people.
 *
 * @param colors whether the terminal shows colours
 */
export function prettyPrinter(write: (line: string) => void, colors: boolean): Printer {
  const paint = (code: number, text: string): string => {
    return colors ? `\x1b[${code}m${text}\x1b[0m` : text;
  };
  // It escapes the terminal's own control characters, and has lines and colours itself.
  const show = (value: unknown): string => {
    return Deno.inspect(value, { colors, depth: 12 }).replace(/[\p{Bidi_Control}\u2029]/gu, shown);
  };
  return {
    welcome: ({ user_id, node_id, region, session_id }) =>
      write(paint(32, `Connected to ${node_id} (${region}) as ${shown(user_id)}, ${session_id}`)),
    state(state, reason) {
      // What the player has done themselves is no news.
      if (reason === null || reason.code === "disconnected") return;
      const { message, detail, retryAtMs } = reason;
      const next = retryAtMs === undefined
        ? ""
        : ` Next try in ${((retryAtMs - Date.now()) / 1000).toFixed(1)} s.`;
      const words = shown(`${message}${detail === undefined ? "" : ` (${detail})`}`);
      write(paint(33, `${state}: ${words}${next}`));
    },
    result: (_place, result) => write(show(result)),
    notification: (method, params) => write(`${paint(36, `← ${shown(method)}`)} ${show(params)}`),
    failure({ method }, error) {
      const { code, message, data } = describe(error);
      const about = method === null ? "" : `${method}: `;
      const more = data === undefined ? "" : ` ${show(data)}`;
      write(`${paint(31, `${about}${shown(message)} (${code})`)}${more}`);
    },
    text: (lines) => lines.forEach((line) => write(line)),
  };
}

function describe(error: unknown): { code: number | string; message: string; data?: unknown } {
  if (error instanceof RpcError) return error.toJSON();
  if (error instanceof ClientError) return { code: error.code, message: error.message };
  return { code: "usage", message: error instanceof Error ? error.message : String(error) };
}
