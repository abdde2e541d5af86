import { type FetchHandler, type HttpServer, type ServeOptions, serverUrl } from "./serve.ts";
import { readKeyPair, watchKeyPair } from "./serve_tls.ts";
import { log } from "./telemetry/log.ts";

/**
 * `Deno.serve` as the server. The runtime neither times out a handshake that never finishes nor
 * takes a new key pair while it runs: a change of the files is logged, and needs a restart.
 *
 * @throws {ConfigError}
 */
export function serveDeno(options: ServeOptions, fetch: FetchHandler): Promise<HttpServer> {
  const { hostname, port, tls } = options;
  const pair = tls === undefined ? undefined : readKeyPair(tls);
  const server = Deno.serve(
    { hostname, port, ...pair, onListen() {} },
    (request) => fetch(request),
  );
  const watch = tls === undefined || pair === undefined
    ? undefined
    : watchKeyPair(tls, pair, () => {
      log.warning("The TLS key pair has changed: restart this node, its engine cannot reload it");
    });
  return Promise.resolve({
    hostname: server.addr.hostname,
    port: server.addr.port,
    url: serverUrl(server.addr.hostname, server.addr.port, tls !== undefined),
    async stop() {
      watch?.stop();
      await server.shutdown();
    },
  });
}
