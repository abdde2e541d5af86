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
      const onSocket = () => DenoSocket.of(socket).listen(onOpen);
      socket.addEventListener("open", onSocket, ONCE);
      return response;
    },
  };
}

const ONCE = { once: true };

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
  declare listener: SocketListener;

  static of(socket: WebSocket): DenoSocket {
    return Object.setPrototypeOf(socket, DenoSocket.prototype) as DenoSocket;
  }

  /** @param onOpen gives who listens */
  listen(onOpen: (socket: Socket) => SocketListener): void {
    this.listener = onOpen(this);
    // Shared by all sockets, not made for each.
    this.onmessage = takeMessage;
    this.onerror = takeError;
    this.onclose = takeClose;
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

function takeMessage(this: WebSocket, { data }: MessageEvent): void {
  const { listener } = this as DenoSocket;
  if (typeof data === "string") listener.onText(data);
  else listener.onBinary();
}

/** A close event follows every error; without a listener the error would end the process. */
function takeError(event: Event): void {
  event.preventDefault();
}

function takeClose(this: WebSocket, event: CloseEvent): void {
  // The runtime reports some closes twice.
  this.onclose = null;
  this.onmessage = null;
  (this as DenoSocket).listener.onEnd(endOf(event));
}
