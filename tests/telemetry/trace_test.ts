/** Traces as a collector receives them; the receiver here speaks OTLP's JSON over HTTP. */
import assert from "node:assert/strict";
import { connectNatsBus } from "../../src/bus/bus_nats.ts";
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

Deno.test("each request is a span with method and outcome, and services get its context", async () => {
  const spans: Span[] = [];
  const texts: string[] = [];
  const receiver = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const text = await request.text();
      if (new URL(request.url).pathname === "/v1/traces") {
        texts.push(text);
        const { resourceSpans } = JSON.parse(text) as Received;
        for (const { scopeSpans } of resourceSpans) {
          for (const { scope, spans: own } of scopeSpans) {
            if (scope.name === "waygate") spans.push(...own);
          }
        }
      }
      return Response.json({});
    },
  );
  const service = connectNatsBus({ servers: natsUrl, name: "test" });
  try {
    await using gateway = await startGateway({
      backends: { natsUrl },
      env: {
        RPC_SERVICES: "inventory",
        OTEL_DENO: "true",
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${receiver.addr.port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_BSP_SCHEDULE_DELAY: "100",
      },
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

    const named = (name: string) => spans.find((span) => span.name === name);
    await until(
      () => named("system.ping") && named("inventory") && named("auth.refresh"),
      { what: "the spans to arrive", timeoutMs: 15_000 },
    );
    const [ping, forwarded, refused] = [
      named("system.ping"),
      named("inventory"),
      named("auth.refresh"),
    ];
    assert.ok(ping && forwarded && refused);
    assert.equal(attribute(ping, "rpc.method"), "system.ping");
    assert.equal(attribute(forwarded, "rpc.method"), "inventory.get");
    assert.equal(traceparent, `00-${forwarded.traceId}-${forwarded.spanId}-01`);
    assert.equal(refused.status?.code, 2);
    assert.equal(attribute(refused, "rpc.jsonrpc.error_code"), "-32001");
    assert.notEqual(ping.traceId, forwarded.traceId, "each request is a trace of its own");
    assert.ok(!texts.join().includes("words-of-ann"));
  } finally {
    await service.close();
    await receiver.shutdown();
  }
});
