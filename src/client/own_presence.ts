import type { UpdatePresenceParams } from "../protocol/methods.ts";
import type { Outgoing } from "./outgoing.ts";

/** Whether a method is one by which players say where they are: a game may have others like it. */
export function updatesPresence(method: string): boolean {
  return /^player\.update(Presence|Status|Location)$/.test(method);
}

/**
 * What the player last said of themselves, so that it can be said again to a server that has
 * forgotten it.
 */
export class OwnPresence {
  #said: UpdatePresenceParams = {};

  /** The server has carried out a request, or was sent a notification. */
  add(request: Outgoing): void {
    if (!updatesPresence(request.method)) return;
    const { status, location } = Object(request.params) as UpdatePresenceParams;
    this.#said = {
      ...this.#said,
      ...(status === undefined ? {} : { status }),
      ...(location === undefined ? {} : { location }),
    };
  }

  /** Params of `player.updatePresence` that say it again; null when nothing was ever said. */
  get said(): UpdatePresenceParams | null {
    return Object.keys(this.#said).length > 0 ? this.#said : null;
  }

  /** Another user, a fresh start, or nothing that the server takes. */
  reset(): void {
    this.#said = {};
  }
}
