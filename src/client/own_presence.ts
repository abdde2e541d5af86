import type { UpdatePresenceParams } from "../protocol/methods.ts";

/**
 * What the player last said of themselves, so that it can be said again to a server that has
 * forgotten it.
 */
export class OwnPresence {
  #said: UpdatePresenceParams = {};

  /** The server has carried out a request. */
  answered(method: string, params: unknown): void {
    if (!/^player\.update(Presence|Status|Location)$/.test(method)) return;
    const { status, location } = params as UpdatePresenceParams;
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

  /** Another user, or a fresh start. */
  reset(): void {
    this.#said = {};
  }
}
