/**
 * Servers import this module too, and have no DOM: there the classes exist but are of no use.
 *
 * @internal
 */
const PlatformElement: typeof HTMLElement = globalThis.HTMLElement ??
  (class {} as unknown as typeof HTMLElement);

/** An element that shows something of a client. */
export abstract class ClientElement<Client> extends PlatformElement {
  #client: Client | null = null;
  #attached: AbortController | null = null;

  /** The client that is shown; null for none. May be set before the element is in the page. */
  get client(): Client | null {
    return this.#client;
  }

  set client(client: Client | null) {
    if (client === this.#client) return;
    this.#detach();
    this.#client = client;
    if (this.isConnected) this.#attach();
  }

  /** Called by the browser when the element enters a page. */
  connectedCallback(): void {
    // Set before the element was defined, it is the object's own and hides the accessor.
    if (Object.hasOwn(this, "client")) {
      const { client } = this;
      Reflect.deleteProperty(this, "client");
      this.client = client;
    }
    this.#attach();
  }

  /** Called by the browser when the element leaves a page. */
  disconnectedCallback(): void {
    this.#detach();
  }

  /** Begins to show the client: null for none. `signal` is aborted when it is to end. */
  protected abstract attach(client: Client | null, signal: AbortSignal): void;

  /** Shows the same client anew, as if the element left the page and came back. */
  protected reattach(): void {
    if (this.#attached === null) return;
    this.#detach();
    this.#attach();
  }

  #attach(): void {
    if (this.#attached !== null) return;
    this.#attached = new AbortController();
    this.attach(this.#client, this.#attached.signal);
  }

  #detach(): void {
    this.#attached?.abort();
    this.#attached = null;
  }
}
