import assert from "node:assert/strict";
import { ClientError, ErrorCode, RpcError } from "../../src/client/client.ts";
import { failureWords } from "../../src/lobby/page/failure_words.ts";

Deno.test("failureWords() passes on what the gateway finds wrong with an input", () => {
  const issues = [{ path: ["to", "location"], message: "Must be 1 to 64 of A-Z" }];
  assert.equal(
    failureWords(new RpcError(ErrorCode.invalidParams, { issues })),
    "Must be 1 to 64 of A-Z.",
  );
  assert.equal(failureWords(new RpcError(ErrorCode.invalidParams)), "That cannot be.");
});

Deno.test("failureWords() has a sentence for every error", () => {
  const errors = [
    ...Object.values(ErrorCode).map((code) => new RpcError(code)),
    new RpcError(-1, undefined, "Out of gold"),
    new ClientError("closed", "Closed"),
    new ClientError("timeout", "No answer", { sent: true }),
    new ClientError("outcome_unknown", "Broke", { sent: true }),
    new ClientError("queue_full", "Too many calls wait"),
  ];
  for (const error of errors) assert.match(failureWords(error), /^[A-Z].+\.$/, String(error));
  assert.equal(failureWords("x"), "x");
});

Deno.test("failureWords() never says that something failed that may have worked", () => {
  for (const code of ["timeout", "outcome_unknown"] as const) {
    assert.match(failureWords(new ClientError(code, "", { sent: true })), /may have worked or not/);
  }
});
