import { CloseCode } from "../protocol/close_codes.ts";
import { serveDeno } from "../serve_deno.ts";
import type { Socket, SocketEnd, SocketListener, WebSocketEngine } from "./socket.ts";

/** What the runtime says when its own ping went unanswered. */
const PING_TIMEOUT_REASON = "No response from ping frame.";

/**
 * `Deno.upgradeWebSocket` as an engine: the quickest, and the one that runs on every Deno host. It
 * comes with whatever server answers with `Response`: `Deno.serve`, or a platform's own.
 */
export function createDenoEngine(): WebSocketEngine {
  return {
    serve: serveDeno,
    accept(request, options, onOpen) {
      const { socket, response } = Deno.upgradeWebSocket(request, {
        // The runtime pings after half of it and takes whole seconds.
        idleTimeout: Math.max(1, Math.floor(options.idleTimeoutMs / 1000)),
      });
      // Not as an option: the runtime finds it only in a list with a space after each comma, and so
      // refuses clients that write none (RFC 9110, section 5.6.1 allows both).
      if (options.protocol !== undefined) {
        response.headers.set("Sec-WebSocket-Protocol", options.protocol);
      }
      socket.onopen = () => listen(socket, onOpen(DenoSocket.of(socket)));
      return response;
    },
  };
}

function listen(socket: WebSocket, listener: SocketListener): void {
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") listener.onText(data);
    else listener.onBinary();
  };
  // A close event follows every error; without a listener the error would end the process.
  socket.onerror = (event) => event.preventDefault();
  socket.onclose = (event) => {
    // The runtime reports some closes twice.
    socket.onclose = null;
    socket.onmessage = null;
    listener.onEnd(endOf(event));
  };
}

function endOf(event: CloseEvent): SocketEnd {
  // The runtime says 0 where the browser says 1006.
  if (event.code === 0) return { code: CloseCode.abnormal, isClean: false };
  const isSilent = event.code === CloseCode.goingAway && event.reason === PING_TIMEOUT_REASON;
  return { code: event.code, isClean: !isSilent && event.code !== CloseCode.abnormal };
}

/**
 * The runtime's own socket, with the gateway's view of it laid over: an object around it would be one
 * more to look at for each recipient of a fan-out, which costs what a hundredth of the send does.
 */
class DenoSocket extends WebSocket implements Socket {
  static of(socket: WebSocket): DenoSocket {
    return Object.setPrototypeOf(socket, DenoSocket.prototype) as DenoSocket;
  }

  get isOpen(): boolean {
    return this.readyState === WebSocket.OPEN;
  }

  get bufferedBytes(): number {
    return this.bufferedAmount;
  }

  override send(text: string): void {
    try {
      super.send(text);
    } catch {
      // It is not open. To ask first, each time, costs a fiftieth of a fan-out.
    }
  }

  override close(code: number, reason: string): void {
    if (this.readyState >= WebSocket.CLOSING) return;
    super.close(code, reason);
  }

  terminate(): void {
    // The runtime has no terminate: a close is all there is.
    this.close(CloseCode.goingAway, "");
  }
}
