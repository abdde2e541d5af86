import assert from "node:assert/strict";
import { Emitter } from "../../src/client/emitter.ts";

interface Events {
  number: number;
  text: string;
}

Deno.test("on() calls until unsubscribed, once() calls once, off() removes either", () => {
  const events = new Emitter<Events>();
  const seen: string[] = [];
  const removed = (): unknown => seen.push("removed");
  const stop = events.on("number", (value) => seen.push(`on ${value}`));
  events.once("number", (value) => seen.push(`once ${value}`));
  events.on("number", removed);
  events.once("text", removed);
  events.off("number", removed);
  events.off("text", removed);
  events.emit("number", 1);
  events.emit("number", 2);
  events.emit("text", "x");
  stop();
  stop();
  events.emit("number", 3);
  assert.deepEqual(seen, ["on 1", "once 1", "on 2"]);
  assert.equal(events.has("number"), false);
});

Deno.test("on() ends with its signal", () => {
  const events = new Emitter<Events>();
  const abort = new AbortController();
  const seen: number[] = [];
  events.on("number", (value) => seen.push(value), { signal: abort.signal });
  events.emit("number", 1);
  abort.abort();
  events.emit("number", 2);
  events.on("number", (value) => seen.push(value), { signal: abort.signal });
  events.emit("number", 3);
  assert.deepEqual(seen, [1]);
});

Deno.test("a listener that is removed while others are called is not called", () => {
  const events = new Emitter<Events>();
  const seen: string[] = [];
  events.on("number", () => stop());
  const stop = events.on("number", () => seen.push("removed"));
  events.emit("number", 1);
  assert.deepEqual(seen, []);
});

Deno.test("a listener that throws disturbs nobody and is reported", async () => {
  const events = new Emitter<Events>();
  const seen: number[] = [];
  const reported = new Promise<unknown>((resolve) => {
    addEventListener("error", (event) => {
      event.preventDefault();
      resolve(event.error);
    }, { once: true });
  });
  const fault = new Error("In a listener");
  events.on("number", () => {
    throw fault;
  });
  events.on("number", (value) => seen.push(value));
  events.emit("number", 1);
  assert.deepEqual(seen, [1]);
  assert.equal(await reported, fault);
});

Deno.test("once() and off() leave nothing on the signal", () => {
  const events = new Emitter<Events>();
  const { signal, listeners } = countedSignal();
  const seen: number[] = [];
  const listener = (value: number): unknown => seen.push(value);
  events.once("number", listener, { signal });
  assert.equal(listeners(), 1);
  events.emit("number", 1);
  assert.equal(listeners(), 0);
  events.on("number", listener, { signal });
  events.off("number", listener);
  assert.equal(listeners(), 0);
  events.emit("number", 2);
  assert.deepEqual(seen, [1]);
});

Deno.test("once() does not cut short what on() began; on() goes on with what once() began", () => {
  const events = new Emitter<Events>();
  const seen: number[] = [];
  const listener = (value: number): unknown => seen.push(value);
  events.on("number", listener);
  const stop = events.once("number", listener);
  events.emit("number", 1);
  stop();
  events.emit("number", 2);
  events.off("number", listener);
  events.once("number", listener);
  events.on("number", listener);
  events.emit("number", 3);
  events.emit("number", 4);
  assert.deepEqual(seen, [1, 2, 3, 4]);
});

/** A signal, and how many listen for its end. */
function countedSignal(): { signal: AbortSignal; listeners: () => number } {
  const { signal } = new AbortController();
  let count = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  Object.assign(signal, {
    addEventListener(type: string, listener: () => void) {
      count++;
      add(type, listener);
    },
    removeEventListener(type: string, listener: () => void) {
      count--;
      remove(type, listener);
    },
  });
  return { signal, listeners: () => count };
}
