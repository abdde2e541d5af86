/**
 * Sockets by way of the C library: one thread of this loader drives thousands of connections at a
 * third of what the servers under test need, so that they, and not the loader, are the limit. Linux
 * only.
 *
 * @module
 */

const { symbols: libc } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
});

const AF_INET = 2;
const SOCK_STREAM = 1;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;

/** `struct epoll_event` is packed on x86-64 only. */
const EVENT_BYTES = Deno.build.arch === "x86_64" ? 12 : 16;
const EVENT_DATA = EVENT_BYTES - 8;
const MAX_EVENTS = 512;

/** So many local addresses share the ports: a thousand connects a second would use up those of one. */
const LOCAL_ADDRESSES = 200;
let nextAddress = 0;

/**
 * Connects to a port of 127.0.0.1.
 *
 * @returns the descriptor of the socket
 */
export function connect(port: number): number {
  const descriptor = checked(libc.socket(AF_INET, SOCK_STREAM, 0), "socket");
  nextAddress = nextAddress % LOCAL_ADDRESSES + 1;
  checked(libc.bind(descriptor, address([127, 0, 1, nextAddress], 0), 16), "bind");
  checked(libc.connect(descriptor, address([127, 0, 0, 1], port), 16), "connect");
  libc.setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, new Uint8Array([1, 0, 0, 0]), 4);
  return descriptor;
}

/** Sends; waits where the kernel's buffer is full. */
export function send(descriptor: number, bytes: Uint8Array, length: number): void {
  checked(libc.send(descriptor, bytes, BigInt(length), MSG_NOSIGNAL), "send");
}

/** Reads what is there; 0 when the peer is gone, -1 when there is nothing. */
export function receive(descriptor: number, into: Uint8Array): number {
  return libc.recv(descriptor, into, BigInt(into.length), MSG_DONTWAIT);
}

export function close(descriptor: number): void {
  libc.close(descriptor);
}

/** Tells which of many sockets have something to read. */
export class Poller {
  readonly #epoll = checked(libc.epoll_create1(0), "epoll_create1");
  readonly #events = new Uint8Array(MAX_EVENTS * EVENT_BYTES);
  readonly #view = new DataView(this.#events.buffer);

  /** A closed socket is forgotten by itself. */
  watch(descriptor: number): void {
    const event = new Uint8Array(EVENT_BYTES);
    const view = new DataView(event.buffer);
    view.setUint32(0, EPOLLIN, true);
    view.setUint32(EVENT_DATA, descriptor, true);
    checked(libc.epoll_ctl(this.#epoll, EPOLL_CTL_ADD, descriptor, event), "epoll_ctl");
  }

  /** Waits at most `limitMs`; gives how many sockets are {@linkcode ready}. */
  wait(limitMs: number): number {
    return checked(libc.epoll_wait(this.#epoll, this.#events, MAX_EVENTS, limitMs), "epoll_wait");
  }

  /** The descriptor of one of the sockets that the last {@linkcode wait} found. */
  ready(index: number): number {
    return this.#view.getUint32(index * EVENT_BYTES + EVENT_DATA, true);
  }

  close(): void {
    close(this.#epoll);
  }
}

function address(host: readonly number[], port: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  bytes.set(host, 4);
  return bytes;
}

function checked(result: number, call: string): number {
  if (result < 0) throw new Error(`The C library's ${call} failed`);
  return result;
}
