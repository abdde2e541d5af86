/**
 * A NATS micro service (ADR-32 of NATS): endpoints that are found, described and measured by
 * `$SRV.PING`, `$SRV.INFO` and `$SRV.STATS`, on any bus.
 *
 * @module
 */
import type { Bus, BusMessage, BusSubscription } from "../bus/bus.ts";
import { ErrorCode, type ErrorObject, RpcError } from "../protocol/errors.ts";
import type { Json } from "../protocol/json.ts";

/** One thing that a service answers. */
export interface MicroEndpoint {
  /** `A–Z a–z 0–9 _ -` */
  readonly name: string;
  readonly subject: string;
  /** Shown by `$SRV.INFO`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Answers a request's JSON; what it throws goes back as an error. */
  handle(request: Json): Json | Promise<Json>;
  /** Shown by `$SRV.STATS` beside the counts. */
  data?(): Json;
}

/** What {@linkcode serveMicro} needs. */
export interface MicroServiceOptions {
  readonly bus: Bus;
  /** `A–Z a–z 0–9 _ -` */
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  readonly description: string;
  /** Tells the instances of the service apart. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly endpoints: readonly MicroEndpoint[];
  /** What a caller is told of an error. */
  readonly toError: (error: unknown) => RpcError;
}

/** A service that answers. */
export interface MicroService {
  /** Tells this instance from the others of the same name. */
  readonly id: string;
  /** Answers nothing from now on. */
  stop(): void;
}

/** Requests to an endpoint go to one instance of the service; these are shared by all of them. */
const QUEUE = "q";
const TYPES = {
  PING: "io.nats.micro.v1.ping_response",
  INFO: "io.nats.micro.v1.info_response",
  STATS: "io.nats.micro.v1.stats_response",
} as const;

/**
 * Begins to answer. Requests carry JSON, and an empty one counts as `{}`; a result goes back as JSON, an
 * error as `{"error": {code, message, data?}}` with the headers `Nats-Service-Error` and
 * `Nats-Service-Error-Code`.
 */
export function serveMicro(options: MicroServiceOptions): MicroService {
  const { bus, name, version, description, metadata } = options;
  const id = crypto.randomUUID().replaceAll("-", "");
  const identity = { name, id, version, metadata };
  const started = new Date().toISOString();
  const endpoints = options.endpoints.map((endpoint) => new Endpoint(endpoint, options.toError));
  const answers = {
    PING: () => ({ type: TYPES.PING, ...identity }),
    INFO: () => ({
      type: TYPES.INFO,
      ...identity,
      description,
      endpoints: endpoints.map((endpoint) => endpoint.info()),
    }),
    STATS: () => ({
      type: TYPES.STATS,
      ...identity,
      started,
      endpoints: endpoints.map((endpoint) => endpoint.stats()),
    }),
  };
  const subscriptions: BusSubscription[] = [];
  for (const [verb, answer] of Object.entries(answers)) {
    for (const subject of [verb, `${verb}.${name}`, `${verb}.${name}.${id}`]) {
      subscriptions.push(
        bus.subscribe(`$SRV.${subject}`, (message) => message.respond(JSON.stringify(answer()))),
      );
    }
  }
  for (const endpoint of endpoints) {
    const handler = (message: BusMessage) => void endpoint.answer(message);
    subscriptions.push(bus.subscribe(endpoint.subject, handler, { queue: QUEUE }));
  }
  return {
    id,
    stop() {
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };
}

/** An endpoint and its counts. */
class Endpoint {
  readonly subject: string;
  readonly #endpoint: MicroEndpoint;
  readonly #toError: (error: unknown) => RpcError;
  #requests = 0;
  #errors = 0;
  #lastError = "";
  #processingNs = 0;

  constructor(endpoint: MicroEndpoint, toError: (error: unknown) => RpcError) {
    this.subject = endpoint.subject;
    this.#endpoint = endpoint;
    this.#toError = toError;
  }

  /** Never rejects: what goes wrong goes to the caller. */
  async answer(message: BusMessage): Promise<void> {
    const startedAt = performance.now();
    try {
      const result = await this.#endpoint.handle(parse(message.data));
      message.respond(JSON.stringify(result));
    } catch (error) {
      this.#respondError(message, this.#toError(error));
    }
    this.#requests++;
    this.#processingNs += Math.round((performance.now() - startedAt) * 1e6);
  }

  info() {
    const { name, subject, metadata } = this.#endpoint;
    return { name, subject, queue_group: QUEUE, metadata };
  }

  stats() {
    const { name, subject } = this.#endpoint;
    const data = this.#endpoint.data?.();
    return {
      name,
      subject,
      queue_group: QUEUE,
      num_requests: this.#requests,
      num_errors: this.#errors,
      last_error: this.#lastError,
      processing_time: this.#processingNs,
      average_processing_time: Math.round(this.#processingNs / Math.max(1, this.#requests)),
      ...(data === undefined ? {} : { data }),
    };
  }

  #respondError(message: BusMessage, rpcError: RpcError): void {
    const error: ErrorObject = rpcError.toJSON();
    this.#errors++;
    this.#lastError = `${error.code}:${error.message}`;
    message.respond(JSON.stringify({ error }), {
      "Nats-Service-Error": error.message.replaceAll(/[\r\n]+/g, " "),
      "Nats-Service-Error-Code": String(error.code),
    });
  }
}

function parse(text: string): Json {
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new RpcError(ErrorCode.parseError);
  }
}
