/**
 * An identity provider's key set, served on loopback.
 *
 * @module
 */
import type { KeyPairKeyObjectResult } from "node:crypto";

/** Serves the keys that a test publishes. Dispose of it (`await using`), after who asks it. */
export class KeySetServer implements AsyncDisposable {
  keys: Record<string, unknown>[] = [];
  /** Answers in the place of the key set. */
  failure: Response | undefined;
  requests = 0;
  #held: PromiseWithResolvers<void> | undefined;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async () => {
      this.requests++;
      await this.#held?.promise;
      return this.failure?.clone() ?? Response.json({ keys: this.keys });
    });
  }

  /** Adds the public half to the set. */
  publish({ publicKey }: KeyPairKeyObjectResult, claims: Record<string, unknown> = {}): void {
    this.keys.push({ ...publicKey.export({ format: "jwk" }), ...claims });
  }

  /** Answers wait until {@linkcode release}. */
  hold(): void {
    this.#held = Promise.withResolvers();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/keys`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    await this.#server.shutdown();
  }
}
