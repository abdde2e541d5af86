import type { Json } from "../../client/client.ts";

/** Type of the events that the lobby sends; a game sends what it likes. */
export const CHAT = "chat";

/** What a chat event says; null when it is another event. */
export function chatText(
  { payload, type }: { readonly payload: Json; readonly type: string },
): string | null {
  const text = (payload as { readonly text?: unknown } | null)?.text;
  return type === CHAT && typeof text === "string" ? text : null;
}
