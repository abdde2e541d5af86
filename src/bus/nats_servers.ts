/**
 * Which addresses of NATS servers a client can use.
 *
 * @module
 */

/** Protocols over TCP; one `tls:` demands TLS of every server. */
export const TCP: readonly string[] = ["nats:", "tls:"];
/** Protocols over a WebSocket. */
export const WEBSOCKET: readonly string[] = ["ws:", "wss:"];

/** What is wrong with the addresses, without quoting them: a login may be among them. */
export function natsServersProblem(servers: readonly string[]): string | undefined {
  const urls = servers.map((server) => URL.canParse(server) ? new URL(server) : undefined);
  if (!urls.every((url) => url !== undefined && isServer(url))) {
    return "Must be addresses such as nats://, tls://, ws:// or wss://host:port";
  }
  const protocols = urls.map((url) => url?.protocol ?? "");
  const isUniform = [TCP, WEBSOCKET].some((kind) => protocols.every((one) => kind.includes(one)));
  if (!isUniform) return "Must be all nats:// or tls://, or all ws:// or wss://";
  if (!urls.every((url) => url !== undefined && isLoginReadable(url))) {
    return "Must have logins that are percent-encoded: write a % as %25";
  }
  return undefined;
}

function isServer({ protocol, hostname }: URL): boolean {
  return hostname !== "" && [...TCP, ...WEBSOCKET].includes(protocol);
}

function isLoginReadable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}
