/** There is no token to connect with; the message says what to do. */
export class NoTokenError extends Error {
  override readonly name = "NoTokenError";
}

/**
 * Asks a gateway in development mode for a token.
 *
 * @param gateway its `/ws`
 * @throws {NoTokenError} it cannot be reached, or gives out none
 */
export async function fetchDevelopmentToken(
  gateway: URL,
  user: string,
  scope: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const url = new URL("/dev/token", gateway);
  url.protocol = url.protocol.replace("ws", "http");
  const body = JSON.stringify({ sub: user, ...(scope === undefined ? {} : { scope }) });
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body, signal })
    .catch((cause) => {
      throw new NoTokenError(`${url.origin} cannot be reached`, { cause });
    });
  if (!response.ok) {
    await response.body?.cancel();
    const hint = response.status === 404
      ? "it is not in development mode: give --token or WAYGATE_TOKEN"
      : `HTTP ${response.status}`;
    throw new NoTokenError(`${url.origin} gives out no tokens: ${hint}`);
  }
  const { token } = await response.json();
  return token;
}
