/** A handshake on plain TCP by a client that reads nothing but the first bytes of the answer. */
export interface MuteClient {
  readonly connection: Deno.TcpConn;
  /** HTTP status; 101 when it is a WebSocket now. */
  readonly status: number;
}

/** Shakes hands with the token in a header or, as a browser has to, among the subprotocols. */
export async function openMute(
  port: number,
  token: string,
  via: "header" | "subprotocol" = "header",
): Promise<MuteClient> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const credentials = via === "header"
    ? `Authorization: Bearer ${token}`
    : `Sec-WebSocket-Protocol: waygate.v1, bearer.${token}`;
  const request = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n" +
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
    `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${credentials}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  const start = new Uint8Array(12);
  await connection.read(start);
  return { connection, status: Number(new TextDecoder().decode(start.subarray(9))) };
}
