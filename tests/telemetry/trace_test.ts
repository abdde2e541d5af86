/** Traces as a collector receives them; the receiver here speaks OTLP's JSON over HTTP. */
import assert from "node:assert/strict";
import { connectNatsBus } from "../../src/bus/bus_nats.ts";
import { ErrorCode, type RpcError } from "../../src/protocol/errors.ts";
import { sharedBackends } from "../support/backends.ts";
import { connect } from "../support/game_client.ts";
import { startGateway } from "../support/gateway.ts";
import { until } from "../support/wait.ts";

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly status?: { readonly code?: number };
  readonly attributes: readonly {
    key: string;
    value: Record<string, string | number>;
  }[];
}

interface Received {
  readonly resourceSpans: readonly {
    scopeSpans: readonly { scope: { name: string }; spans: Span[] }[];
  }[];
}

const { natsUrl } = await sharedBackends();

function attribute(span: Span, key: string): string | undefined {
  const value = span.attributes.find((each) => each.key === key)?.value;
  return value && String(Object.values(value)[0]);
}

/** Stands in for a collector. */
class Collector implements AsyncDisposable {
  readonly spans: Span[] = [];
  /** All that was received of traces, as it came. */
  text = "";
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const text = await request.text();
      if (new URL(request.url).pathname === "/v1/traces") this.#take(text);
      return Response.json({});
    },
  );

  /** What makes a gateway send its traces here. */
  get environment(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "100",
    };
  }

  /** Waits for a span of that name, and of that error code where one is given. */
  async span(name: string, code?: number): Promise<Span> {
    return await until(
      () =>
        this.spans.find((span) =>
          span.name === name &&
          (code === undefined || attribute(span, "rpc.jsonrpc.error_code") === `${code}`)
        ),
      { what: `the span ${name}`, timeoutMs: 15_000 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #take(text: string): void {
    this.text += text;
    const { resourceSpans } = JSON.parse(text) as Received;
    const scopes = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
    const own = scopes.filter(({ scope }) => scope.name === "waygate");
    this.spans.push(...own.flatMap(({ spans }) => spans));
  }
}

Deno.test("each request is a span with method and outcome, and services get its context", async () => {
  await using collector = new Collector();
  const service = connectNatsBus({ servers: natsUrl, name: "test" });
  await using _service = { [Symbol.asyncDispose]: () => service.close() };
  await using gateway = await startGateway({
    backends: { natsUrl },
    env: { RPC_SERVICES: "inventory", ...collector.environment },
  });
  await service.connection();
  let traceparent: string | undefined;
  service.subscribe(`${gateway.prefix}.rpc.inventory.>`, (message) => {
    traceparent = message.headers["traceparent"];
    message.respond(JSON.stringify({ result: {} }));
  });
  await service.flush();
  await using ann = await connect(gateway.wsUrl, { token: await gateway.token("ann") });
  await ann.call("system.ping", { note: "words-of-ann" });
  await ann.call("inventory.get", { note: "words-of-ann" });
  await assert.rejects(ann.call("auth.refresh", { token: "junk" }));

  const ping = await collector.span("system.ping");
  const forwarded = await collector.span("inventory");
  const failed = await collector.span("auth.refresh");
  assert.equal(attribute(ping, "rpc.method"), "system.ping");
  assert.equal(ping.status?.code ?? 0, 0);
  assert.equal(attribute(forwarded, "rpc.method"), "inventory.get");
  assert.equal(traceparent, `00-${forwarded.traceId}-${forwarded.spanId}-01`);
  assert.equal(failed.status?.code, 2);
  assert.equal(attribute(failed, "rpc.jsonrpc.error_code"), `${ErrorCode.unauthorized}`);
  assert.notEqual(ping.traceId, forwarded.traceId, "each request is a trace of its own");
  assert.ok(!collector.text.includes("words-of-ann"));
});

Deno.test("a call that is refused before its method runs is a span, too", async () => {
  await using collector = new Collector();
  await using gateway = await startGateway({
    env: { RATE_LIMIT_MESSAGES: "1", RATE_LIMIT_BURST: "6", ...collector.environment },
  });
  await using ann = await connect(gateway.wsUrl, { token: await gateway.token("ann") });
  const calls: readonly (readonly [method: string, params: unknown, code: number, span: string])[] =
    [
      ["nobody.knows", {}, ErrorCode.methodNotFound, "unknown"],
      ["words of ann\n", {}, ErrorCode.methodNotFound, "unknown"],
      ["presence.get", { user_ids: "words of ann" }, ErrorCode.invalidParams, "presence.get"],
      ["presence.list", ["words of ann"], ErrorCode.invalidParams, "presence.list"],
      ["system.kick", { user_id: "bob" }, ErrorCode.forbidden, "system.kick"],
      // The welcome is no call; this is the last one that the burst allows.
      ["player.updateStatus", { status: "away" }, 0, "player.updateStatus"],
    ];
  for (const [method, params, code] of calls) {
    if (code === 0) await ann.call(method, params);
    else await assert.rejects(ann.call(method, params), { code });
  }
  const isLimited = (error: RpcError) => error.code === ErrorCode.rateLimited;
  await until(() => ann.call("system.ping").then(() => false, isLimited), { what: "the limit" });
  // So are the calls of a batch, and the notifications in it; time may let one of them pass.
  ann.send(Array(20).fill({ jsonrpc: "2.0", method: "session.resume" }));

  for (const [method, , code, name] of calls.slice(0, -1)) {
    const span = await collector.span(name, code);
    assert.equal(span.status?.code, 2);
    if (name !== "unknown") assert.equal(attribute(span, "rpc.method"), method);
  }
  await collector.span("system.ping", ErrorCode.rateLimited);
  await collector.span("session.resume", ErrorCode.rateLimited);
  const unknown = collector.spans.filter(({ name }) => name === "unknown");
  assert.deepEqual(unknown.map((span) => attribute(span, "rpc.method")), [
    "nobody.knows",
    undefined,
  ]);
  // A call is one span, however it ends.
  assert.equal(collector.spans.filter(({ name }) => name === "player.updateStatus").length, 1);
  assert.equal(collector.spans.filter(({ name }) => name === "presence.get").length, 1);
  assert.ok(!collector.text.includes("words of ann"));
});
