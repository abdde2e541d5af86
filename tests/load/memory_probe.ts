/** How long a gateway may take to say how it is, in ms. */
const LIMIT_MS = 2000;

/** Asks gateways, over `/metrics`, how much memory they have resident. */
export class MemoryProbe {
  readonly #urls: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;
  /** As last heard, in bytes; empty when a gateway does not say. */
  latest: readonly number[] = [];
  #isAsking = false;

  constructor(urls: readonly string[], token: string | undefined) {
    this.#urls = urls;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** Asks again, unless it is still being asked. */
  async ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      this.latest = await Promise.all(this.#urls.map((url) => this.#rss(url)));
    } catch {
      this.latest = [];
    } finally {
      this.#isAsking = false;
    }
  }

  async #rss(url: string): Promise<number> {
    const response = await fetch(`${url}/metrics`, {
      headers: this.#headers,
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    const text = await response.text();
    const value = /^waygate_memory_rss_bytes (\S+)$/m.exec(text)?.[1];
    if (value === undefined) throw new Error(`${url}/metrics does not say`);
    return Number(value);
  }
}
