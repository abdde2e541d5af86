import type { Point } from "./tally.ts";

/** How long a gateway may take to say how it is, in ms. */
const LIMIT_MS = 2000;

type Memory = Pick<Point, "rssBytes" | "heapBytes">;

const NOT_SAID: Memory = { rssBytes: [], heapBytes: [] };

/** Asks gateways, over `/metrics`, how much memory they have resident. */
export class MemoryProbe {
  readonly #urls: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;
  /** As last heard, in bytes, of each gateway; empty when one does not say. */
  latest: Memory = NOT_SAID;
  #isAsking = false;

  constructor(urls: readonly string[], token: string | undefined) {
    this.#urls = urls;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** Asks again, one gateway after the other, unless it is still being asked. */
  async ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const pages: string[] = [];
      for (const url of this.#urls) pages.push(await this.#page(url));
      this.latest = {
        rssBytes: pages.map((page) => valueOf(page, "rss")),
        heapBytes: pages.map((page) => valueOf(page, "heap")),
      };
    } catch {
      this.latest = NOT_SAID;
    } finally {
      this.#isAsking = false;
    }
  }

  async #page(url: string): Promise<string> {
    const response = await fetch(`${url}/metrics`, {
      headers: this.#headers,
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    return await response.text();
  }
}

function valueOf(page: string, part: "rss" | "heap"): number {
  const value = new RegExp(`^waygate_memory_${part}_bytes (\\S+)$`, "m").exec(page)?.[1];
  if (value === undefined) throw new Error("/metrics does not say");
  return Number(value);
}
