import type { TokenContext, WaygateClient } from "../../client/client.ts";
import { fetchToken, type Identity } from "./identity.ts";
import { tokenClaims } from "./token_claims.ts";

/** A token with less life left than this, in ms, is replaced. */
const MIN_LIFE_MS = 60_000;

/**
 * Gives the client its tokens, and the same one for as long as it is good: it is the gateway itself
 * that signs them, so when that is away there is nobody to ask for another.
 */
export class TokenKeeper {
  readonly #identity: Identity;
  #token: string | null = null;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  /**
   * The kept token, or a new one.
   *
   * @throws {SignInError} the gateway gave none
   */
  async get(context: TokenContext): Promise<string> {
    const expiresAtMs = this.#token === null ? 0 : tokenClaims(this.#token)?.expiresAtMs ?? 0;
    if (this.#token === null || expiresAtMs - Date.now() < MIN_LIFE_MS) {
      this.#token = await fetchToken(this.#identity, context);
    }
    return this.#token;
  }

  /** Forgets the token when the gateway refuses it. */
  watch(client: WaygateClient): void {
    client.on("state", ({ reason }) => {
      if (reason?.code === "unauthorized") this.#token = null;
    });
  }
}
