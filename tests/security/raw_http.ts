import { Buffer } from "node:buffer";

/** Bytes as a hostile client sends them, and whatever comes back. */
export interface RawAnswer {
  /** 0 when nothing came back before the connection ended. */
  readonly status: number;
  readonly text: string;
  /** From the first byte sent to the end of the connection, in ms. */
  readonly tookMs: number;
  /** Whether the server ended it; otherwise the time was up. */
  readonly isEnded: boolean;
}

/** What {@linkcode sendRaw} may be told. */
export interface RawRequestOptions {
  /** Gives up waiting for the end of the connection after so long. @default {2000} */
  readonly limitMs?: number;
  /** Sends one byte at a time with such a pause. */
  readonly dripMs?: number;
}

/** Sends bytes to 127.0.0.1 and reads until the server ends the connection, or answers in full. */
export async function sendRaw(
  port: number,
  bytes: string | Uint8Array,
  { limitMs = 2000, dripMs }: RawRequestOptions = {},
): Promise<RawAnswer> {
  const startedAt = performance.now();
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  let isClosed = false;
  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    connection.close();
  };
  const timer = setTimeout(close, limitMs);
  // Each character is the byte of its code.
  const raw = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
  const writing = write(connection, raw, dripMs, () => isClosed).catch(() => {});
  let text = "";
  let isEnded = false;
  const buffer = new Uint8Array(65_536);
  while (!isClosed && !isWhole(text)) {
    const length = await connection.read(buffer).catch(() => null);
    isEnded = length === null && !isClosed;
    if (length === null) break;
    text += new TextDecoder("latin1").decode(buffer.subarray(0, length));
  }
  clearTimeout(timer);
  close();
  await writing;
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
  return { status, text, tookMs: performance.now() - startedAt, isEnded };
}

async function write(
  connection: Deno.Conn,
  bytes: Uint8Array,
  dripMs: number | undefined,
  isOver: () => boolean,
): Promise<void> {
  if (dripMs === undefined) {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await connection.write(rest));
    return;
  }
  for (const byte of bytes) {
    if (isOver()) return;
    await connection.write(Uint8Array.of(byte));
    await new Promise((resolve) => setTimeout(resolve, dripMs));
  }
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1];
  return length !== undefined && text.length >= end + 4 + Number(length);
}
