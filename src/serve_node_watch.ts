import { connect, type Server } from "node:net";
import { log } from "./telemetry/log.ts";

/** How often it is looked whether anybody was heard, in ms. */
const LOOK_MS = 2000;

/**
 * Listens anew where a listener has fallen silent. When a connection cannot be accepted, as when there
 * are no file descriptors left, the runtime's `node:net` accepts nobody ever after, and says nothing:
 * the kernel goes on to take connections. So who has heard nobody for a while is called.
 */
export class ListenerWatch {
  readonly #server: Server;
  readonly #hostname: string;
  readonly #port: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #hasHeard = true;
  /** The kernel has taken our call. */
  #isCalled = false;

  /** @param server listens at that address */
  constructor(server: Server, hostname: string, port: number, lookMs = LOOK_MS) {
    this.#server = server;
    this.#hostname = hostname;
    this.#port = port;
    const onHeard = (): void => void (this.#hasHeard = true);
    server.on("connection", onHeard);
    server.on("drop", onHeard);
    server.on("error", (error) => log.error("Cannot listen", { error: error.message }));
    this.#timer = setInterval(() => this.#look(), lookMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const isDeaf = this.#isCalled && !this.#hasHeard;
    this.#isCalled = false;
    if (isDeaf || !this.#server.listening) this.#listenAgain();
    else if (!this.#hasHeard) this.#call();
    this.#hasHeard = false;
  }

  #call(): void {
    const socket = connect(this.#port, this.#hostname, () => {
      this.#isCalled = true;
      socket.destroy();
    });
    // Without file descriptors there is no calling either: the next look tries once more.
    socket.on("error", () => {});
  }

  #listenAgain(): void {
    log.error("No connection was accepted any more; listening again");
    this.#server.close();
    this.#server.listen(this.#port, this.#hostname);
  }
}
