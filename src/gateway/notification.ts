/** A notification, encoded. */
export function encodeNotification(method: string, params: unknown): string {
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${
    JSON.stringify(params) ?? "{}"
  }}`;
}
