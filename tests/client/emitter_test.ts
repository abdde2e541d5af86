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
