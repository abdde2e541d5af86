import type { LoadClient } from "./load_client.ts";
import { nowMs, type Recorder } from "./recorder.ts";

interface Update {
  readonly version: number;
  readonly atMs: number;
}

interface Watched {
  /** The newest version that the watcher was shown. */
  seen: number;
  /** Updates whose answer came before the watcher saw them. */
  readonly unseen: Update[];
}

const STATUSES = ["online", "away", "busy"] as const;

/**
 * Presence updates of clients, each watched by another client: versions must not go back, and the
 * newest must be seen in the end. That steps in between are skipped is as it should be.
 */
export class PresenceWatch {
  readonly #recorder: Recorder;
  readonly #watched = new Map<string, Watched>();
  /** Whose updates are looked at by which client. */
  readonly #watchers = new Map<LoadClient, string>();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  /** Has one client look at another. */
  watch(watcher: LoadClient, watched: LoadClient): void {
    this.#watchers.set(watcher, watched.userId);
    this.#watched.set(watched.userId, { seen: 0, unseen: [] });
  }

  /** Updates whose newest state nobody has seen. */
  get unseen(): number {
    return [...this.#watched.values()].filter(({ unseen }) => unseen.length > 0).length;
  }

  /** Changes a client's status, and where it is when `location` is given. */
  update(client: LoadClient, turn: number, location: string | undefined, atMs: number): void {
    const status = STATUSES[turn % STATUSES.length];
    const params = JSON.stringify({ status, ...(location === undefined ? {} : { location }) });
    client.call("presence", "player.updatePresence", params, atMs, {
      onResult: ({ version }) => {
        const watched = this.#watched.get(client.userId);
        if (watched === undefined || typeof version !== "number") return;
        if (watched.seen >= version) this.#recorder.took("presence_seen", atMs);
        else watched.unseen.push({ version, atMs });
      },
    });
  }

  /** Takes the params of a `presence.updated`. */
  receive(client: LoadClient, params: Record<string, unknown>): void {
    const userId = this.#watchers.get(client);
    const watched = userId === undefined ? undefined : this.#watched.get(userId);
    if (watched === undefined) return;
    const presences = params["presences"] as readonly { user_id: string; version: number }[];
    for (const { user_id, version } of presences) {
      if (user_id !== userId) continue;
      if (version < watched.seen) this.#recorder.misordered++;
      watched.seen = Math.max(watched.seen, version);
      while (watched.unseen[0] !== undefined && watched.unseen[0].version <= watched.seen) {
        this.#recorder.took("presence_seen", watched.unseen.shift()?.atMs ?? nowMs());
      }
    }
  }
}
