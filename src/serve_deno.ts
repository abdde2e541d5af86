import { type FetchHandler, type HttpServer, type ServeOptions, serverUrl } from "./serve.ts";
import { type KeyPair, readKeyPair, watchKeyPair } from "./serve_tls.ts";
import { log } from "./telemetry/log.ts";

/** A listener that failed is replaced after so long, in ms. */
const RETRY_MS = 1000;

/**
 * `Deno.serve` as the server. The runtime neither times out a handshake that never finishes nor
 * takes a new key pair while it runs: a change of the files is logged, and needs a restart.
 *
 * @throws {ConfigError}
 */
export function serveDeno(options: ServeOptions, fetch: FetchHandler): Promise<HttpServer> {
  const { tls } = options;
  const pair = tls === undefined ? undefined : readKeyPair(tls);
  const listener = new Listener(options, pair, fetch);
  const { hostname, port } = listener;
  const watch = tls === undefined || pair === undefined
    ? undefined
    : watchKeyPair(tls, pair, () => {
      log.warning("The TLS key pair has changed: restart this node, its engine cannot reload it");
    });
  return Promise.resolve({
    hostname,
    port,
    url: serverUrl(hostname, port, tls !== undefined),
    async stop() {
      watch?.stop();
      await listener.stop();
    },
  });
}

/**
 * Listens for as long as it is not stopped. The runtime gives up when a connection cannot be accepted,
 * as when there are no file descriptors left; those that are open stay.
 */
class Listener {
  readonly hostname: string;
  readonly port: number;
  readonly #pair: KeyPair | undefined;
  readonly #fetch: FetchHandler;
  #server: Deno.HttpServer<Deno.NetAddr>;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ hostname, port }: ServeOptions, pair: KeyPair | undefined, fetch: FetchHandler) {
    this.#pair = pair;
    this.#fetch = fetch;
    this.#server = this.#listen(hostname, port);
    this.hostname = this.#server.addr.hostname;
    this.port = this.#server.addr.port;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#server.shutdown();
  }

  #listen(hostname: string, port: number): Deno.HttpServer<Deno.NetAddr> {
    const server = Deno.serve(
      { hostname, port, ...this.#pair, onListen() {} },
      (request) => this.#fetch(request),
    );
    server.finished.catch((error) => this.#listenAgain(error));
    return server;
  }

  #listenAgain(error: unknown): void {
    log.error("No connection can be accepted; listening again soon", { error: String(error) });
    this.#timer = setTimeout(() => {
      try {
        this.#server = this.#listen(this.hostname, this.port);
      } catch (failure) {
        this.#listenAgain(failure);
      }
    }, RETRY_MS);
  }
}
