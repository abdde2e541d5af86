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
  readonly in: number;
  readonly out: number;
  readonly dropped: number;
  readonly reconnects: number;
}

/** Where the figures of the backends come from; those that are left out are not there to measure. */
export interface MetricSources {
  readonly redis?: { readonly stats: RedisFigures };
  readonly nats?: { readonly stats: NatsFigures };
}
