/** WebSocket close codes of the wire contract (RFC 6455 §7.4; 4000–4999 are ours). */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  /** A binary frame was sent. */
  unsupportedData: 1003,
  /** Never sent: what a socket reports whose connection broke. */
  abnormal: 1006,
  messageTooBig: 1009,
  internalError: 1011,
  serviceRestart: 1012,
  unauthorized: 4401,
  kicked: 4403,
  slowReader: 4408,
  /** The user opened one session more than allowed; this was the oldest. */
  sessionLimit: 4409,
  heartbeatLost: 4410,
  flooding: 4429,
} as const;

/** One of the {@linkcode CloseCode} values. */
export type CloseCode = typeof CloseCode[keyof typeof CloseCode];

/** What a client does after a close: come back, come back with a new token, or stay away. */
export type ReconnectAdvice = "reconnect" | "new_token" | "stop";

const STOP: ReadonlySet<number> = new Set<number>([
  CloseCode.normal,
  CloseCode.unsupportedData,
  CloseCode.messageTooBig,
  CloseCode.kicked,
  CloseCode.sessionLimit,
]);

/**
 * What a client should do after a close with `code`. A code that the contract does not name (a
 * proxy's, say) counts as a broken connection.
 */
export function reconnectAdvice(code: number): ReconnectAdvice {
  if (code === CloseCode.unauthorized) return "new_token";
  return STOP.has(code) ? "stop" : "reconnect";
}
