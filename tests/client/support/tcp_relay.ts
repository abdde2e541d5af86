/**
 * A stretch of network between a client and a server that a test can cut or block.
 *
 * @module
 */

/** See the module. Dispose of it (`await using`). */
export class TcpRelay implements AsyncDisposable {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #target: number;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #pipes = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;
  #blocked = false;

  /** @param target the server's port */
  constructor(target: number) {
    this.#target = target;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept();
  }

  /** Breaks every connection, as when a network changes; new ones are let through. */
  cut(): void {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
  }

  /** From now on connections stay open and nothing gets through, either way. */
  block(): void {
    this.#blocked = true;
  }

  /** Ends {@linkcode block} for new connections; what was blocked is lost. */
  unblock(): void {
    this.#blocked = false;
    this.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await this.#accepting;
    await Promise.all(this.#pipes);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#target })
        .catch(() => null);
      if (server === null) {
        client.close();
        continue;
      }
      this.#connections.add(client).add(server);
      this.#pipe(client, server);
      this.#pipe(server, client);
    }
  }

  #pipe(from: Deno.TcpConn, to: Deno.TcpConn): void {
    const pipe = this.#copy(from, to).catch(() => {}).finally(() => {
      this.#pipes.delete(pipe);
      for (const connection of [from, to]) {
        if (this.#connections.delete(connection)) connection.close();
      }
    });
    this.#pipes.add(pipe);
  }

  async #copy(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    for (let read = await from.read(buffer); read !== null; read = await from.read(buffer)) {
      if (this.#blocked) continue;
      let rest = buffer.subarray(0, read);
      while (rest.length > 0) rest = rest.subarray(await to.write(rest));
    }
  }
}
