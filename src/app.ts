import { type Context, Hono, type Next } from "hono";
import { timingSafeEqual } from "node:crypto";
import { badRequest, httpError } from "./gateway/http_error.ts";
import { parseTokenRequest, signToken } from "./development_tokens.ts";
import type { Node } from "./node.ts";
import { ErrorCode, RpcError, type TokenRefusal } from "./protocol/errors.ts";
import { log } from "./telemetry/log.ts";
import { createMetrics } from "./telemetry/metrics.ts";
import type { MetricSources } from "./telemetry/sources.ts";

/** A request body of the development routes may have so many bytes. */
const MAX_BODY_BYTES = 16_384;

/** The HTTP side of a node: every route of the contract but `GET /ws`. */
export function createApp(node: Node, lobby: Hono | undefined, sources: MetricSources): Hono {
  const { config } = node;
  const metrics = createMetrics(node, sources);
  const description = JSON.stringify(node.description);
  const app = new Hono();

  app.use(sayLength);

  app.get("/healthz", () => Response.json({ status: "ok" }));

  app.get("/readyz", () => {
    const reasons = node.unreadiness();
    if (Object.keys(reasons).length === 0) return Response.json({ status: "ready" });
    const error = new RpcError(ErrorCode.unavailable, reasons);
    return httpError(503, error, { "Retry-After": "5" });
  });

  app.get("/metrics", async (context) => {
    const wanted = config.metricsToken;
    const given = /^Bearer\s+(.+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
    if (wanted !== undefined && (given === undefined || !await isSameSecret(given, wanted))) {
      const reason: TokenRefusal = given === undefined ? "missing" : "signature";
      const error = new RpcError(ErrorCode.unauthorized, { reason });
      return httpError(401, error, { "WWW-Authenticate": `Bearer realm="metrics"` });
    }
    return new Response(await metrics.render(), {
      headers: { "Content-Type": metrics.contentType, "Cache-Control": "no-store" },
    });
  });

  app.get(
    "/openrpc.json",
    () => new Response(description, { headers: { "Content-Type": "application/json" } }),
  );

  if (config.development) app.post("/dev/token", ({ req }) => issueToken(node, req.raw));
  if (lobby !== undefined) app.route("/", lobby);

  app.notFound(() => httpError(404, new RpcError(ErrorCode.notFound)));
  app.onError((error) => {
    const requestId = crypto.randomUUID();
    log.error("HTTP request failed", { request_id: requestId, error: error.stack ?? `${error}` });
    return httpError(500, new RpcError(ErrorCode.internal, { request_id: requestId }));
  });
  return app;
}

/** The answer to HEAD says how long that to GET is (RFC 9110 §8.6): the runtime would say 0. */
async function sayLength(context: Context, next: Next): Promise<void> {
  await next();
  if (context.req.method !== "HEAD" || context.res.body === null) return;
  const body = await context.res.clone().arrayBuffer();
  context.header("Content-Length", `${body.byteLength}`);
}

async function issueToken(node: Node, request: Request): Promise<Response> {
  const { tokenKey, tokenIssuer: issuer, tokenAudience: audience } = node.config;
  if (tokenKey.kind !== "secret") {
    return httpError(400, badRequest("Development tokens need JWT_SECRET or no key at all"));
  }
  const body = await readJson(request);
  const parsed = parseTokenRequest(body);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => ({
      path: path.map((part) => typeof part === "number" ? part : String(part)),
      message,
    }));
    return httpError(400, badRequest("Invalid token request", { issues }));
  }
  const token = await signToken(parsed.data, { secret: tokenKey.secret, issuer, audience });
  return Response.json({ token }, { headers: { "Cache-Control": "no-store" } });
}

/** The body as JSON; undefined when it is none, or too large. */
async function readJson(request: Request): Promise<unknown> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) return undefined;
  try {
    const text = await request.text();
    return text.length > MAX_BODY_BYTES ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Compares two secrets in a time that says nothing of either: by their digests. */
async function isSameSecret(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all(
    [a, b].map((text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
  );
  if (first === undefined || second === undefined) return false;
  return timingSafeEqual(new Uint8Array(first), new Uint8Array(second));
}
