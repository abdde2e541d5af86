/**
 * Asks the server of this container whether it serves: exit status 0 when it does, 1 when not. The
 * image has no curl. `PORT` is the server's, `HEALTH_PATH` what to ask for (`/healthz` unless set).
 *
 * @module
 */
const LIMIT_MS = 2000;

const port = Number(Deno.env.get("PORT") || "8090");
const path = Deno.env.get("HEALTH_PATH") || "/healthz";

/** Whether something answers 200. A certificate is not for 127.0.0.1: with TLS, accepting is enough. */
async function isHealthy(): Promise<boolean> {
  if (Deno.env.get("TLS_CERT_FILE")) {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  }
  const signal = AbortSignal.timeout(LIMIT_MS);
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal });
  await response.body?.cancel();
  return response.ok;
}

Deno.exit(await isHealthy().catch(() => false) ? 0 : 1);
