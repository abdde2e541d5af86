/**
 * What the servers under comparison have in common: the token that they verify, and the message that
 * they fan out, which is the gateway's `player.event`.
 *
 * @module
 */
import { jwtVerify } from "jose";
import process from "node:process";

const secret = await crypto.subtle.importKey(
  "raw",
  new TextEncoder().encode(process.env["JWT_SECRET"]),
  { name: "HMAC", hash: "SHA-256" },
  false,
  ["verify"],
);

/**
 * Verifies what came as `Authorization: Bearer …`.
 *
 * @param {string | null | undefined} header
 * @returns {Promise<string>} the user
 */
export async function verify(header) {
  const token = header?.slice("Bearer ".length) ?? "";
  const options = { algorithms: ["HS256"], requiredClaims: ["sub", "exp"] };
  const { payload } = await jwtVerify(token, secret, options);
  return String(payload.sub);
}

let seq = 0;

/**
 * An event as the gateway makes it of what a player sends.
 *
 * @param {{ to: unknown, type: string, payload: unknown }} params
 */
export function eventOf(params) {
  return {
    seq: ++seq,
    event_id: crypto.randomUUID(),
    from: "p0",
    to: params.to,
    type: params.type,
    payload: params.payload,
    sent_at: new Date().toISOString(),
  };
}

let clockMs = 0;
let clock = "";

/** What `system.ping` gives; the time is written once a millisecond, so that nobody is slow for that. */
export function pong() {
  const nowMs = Date.now();
  if (nowMs !== clockMs) {
    clockMs = nowMs;
    clock = new Date(nowMs).toISOString();
  }
  return { server_time: clock };
}

/** @param {string} user */
export function welcomeOf(user) {
  return { user_id: user, server_time: new Date().toISOString() };
}

/**
 * Says where the server listens, for the loader to read.
 *
 * @param {number} port
 */
export function announce(port) {
  console.log(`listening ${port}`);
}
