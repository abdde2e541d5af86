/**
 * The WebSocket for NATS over `ws://` and `wss://`.
 *
 * @module
 */

/** How long the other side may take to answer a close frame, in milliseconds. */
const CLOSE_LIMIT_MS = 500;

/**
 * A WebSocket whose `close()` always leads to a close event soon. The standard one waits for the other
 * side's close frame, which a peer that has vanished never sends, and NATS's client with it.
 */
class PromptSocket extends WebSocket {
  override close(code?: number, reason?: string): void {
    super.close(code, reason);
    if (this.readyState === WebSocket.CLOSED) return;
    const lost = () => this.dispatchEvent(new CloseEvent("close", { code: 1006 }));
    const timer = setTimeout(lost, CLOSE_LIMIT_MS);
    this.addEventListener("close", () => clearTimeout(timer), { once: true });
  }
}

/** Opens the connection for NATS's client. */
export function openPromptSocket(url: string): Promise<{ socket: WebSocket; encrypted: boolean }> {
  return Promise.resolve({
    socket: new PromptSocket(url),
    encrypted: url.startsWith("wss:"),
  });
}
