import type { EventEntry } from "../../src/events/stream.ts";

/** An event to ann, as the stream has it. */
export function entry(seq: number, payload: string | null = null): EventEntry {
  return {
    seq,
    notification: "player.event",
    params: {
      event_id: `ev_${seq}`,
      from: null,
      to: { user_id: "ann" },
      type: "x",
      payload,
      sent_at: "2025-01-01T00:00:00.000Z",
    },
  };
}
