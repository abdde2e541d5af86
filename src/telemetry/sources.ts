/** What has been asked of Redis so far. */
export interface RedisFigures {
  /** HTTP requests. */
  readonly requests: number;
  /** Commands in them; a script call is one. */
  readonly commands: number;
  /** Requests that failed or were not answered in time. */
  readonly errors: number;
  /** Time spent waiting for answers, summed over all requests, in ms. */
  readonly durationMs: number;
}

/** What has gone over NATS so far. */
export interface NatsFigures {
  /** Messages received, replies among them. */
  readonly in: number;
  /** Messages sent. */
  readonly out: number;
  /** Messages not sent, because NATS was not connected or did not keep up. */
  readonly dropped: number;
  /** How often a lost connection was made again. */
  readonly reconnects: number;
}

/** Where the figures of the backends come from; those that are left out are not there to measure. */
export interface MetricSources {
  /** The store, where it is in Redis; read at each scrape. */
  readonly redis?: { readonly stats: RedisFigures };
  /** The bus, where it goes over NATS; read at each scrape. */
  readonly nats?: { readonly stats: NatsFigures };
}
