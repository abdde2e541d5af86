import type { Presence, PresenceChange } from "../../client/client.ts";
import { displayName } from "../../elements/presence_row.ts";
import { STATUS_WORDS } from "../../elements/status_words.ts";
import { isolate } from "./isolate.ts";
import type { LogEntry } from "./log_entry.ts";

/** So many changes at once are told one by one; more, as numbers. */
const ONE_BY_ONE = 5;

/** Tells changes of presence as people would: who came, who left, what is different. */
export class PresenceStory {
  readonly #known: Map<string, Presence>;

  /** @param present who is there already */
  constructor(present: readonly Presence[]) {
    this.#known = new Map(present.map((presence) => [presence.user_id, presence]));
  }

  /** Tells who is there. */
  beginning(): LogEntry {
    const present = [...this.#known.values()];
    const words = present.length === 1 ? "1 player is" : `${present.length} players are`;
    return entry(`${words} online`, present);
  }

  /** Takes a change and tells it. */
  tell({ changed, removed }: PresenceChange): LogEntry[] {
    const left = removed.flatMap((id) => this.#known.get(id) ?? []);
    const came = changed.filter(({ user_id }) => !this.#known.has(user_id));
    const entries = changed.length + left.length > ONE_BY_ONE ? [summary(came, left, changed)] : [
      ...changed.map((presence) => this.#change(presence)),
      ...left.map((presence) => entry(`${nameOf(presence)} left`, presence)),
    ];
    for (const presence of changed) this.#known.set(presence.user_id, presence);
    for (const id of removed) this.#known.delete(id);
    return entries;
  }

  #change(presence: Presence): LogEntry {
    const name = nameOf(presence);
    const before = this.#known.get(presence.user_id);
    if (before === undefined) return entry(`${name} came online`, presence);
    const news: string[] = [];
    if (before.status !== presence.status) {
      news.push(`is ${STATUS_WORDS[presence.status].toLowerCase()}`);
    }
    if (before.location !== presence.location) {
      news.push(
        presence.location === null ? `left ${before.location}` : `went to ${presence.location}`,
      );
    }
    if (before.sessions !== presence.sessions) {
      news.push(
        presence.sessions === 1 ? "is on one device" : `is on ${presence.sessions} devices`,
      );
    }
    return entry(`${name} ${news.join(" and ") || "is still here"}`, presence);
  }
}

function summary(
  came: readonly Presence[],
  left: readonly Presence[],
  changed: readonly Presence[],
): LogEntry {
  const parts = [
    came.length > 0 ? `${came.length} came` : "",
    left.length > 0 ? `${left.length} left` : "",
    changed.length > came.length ? `${changed.length - came.length} changed` : "",
  ];
  return entry(`Players: ${parts.filter(Boolean).join(", ")}`, { changed, left });
}

function nameOf(presence: Presence): string {
  return isolate(displayName(presence));
}

function entry(text: string, detail: unknown): LogEntry {
  return { kind: "presence", text, detail };
}
