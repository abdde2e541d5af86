/**
 * The lobby's Content-Security-Policy (CSP Level 3): its own files and its own gateway, nothing
 * inline, nothing from elsewhere, no frame around it, and no way to make script out of text.
 *
 * @param host host and port that the page was asked of, from the request: not to be trusted
 */
export function contentSecurityPolicy(host: string): string {
  // Browsers differ in whether 'self' covers WebSockets, so they are named, unless the name could
  // say more than a name.
  const sockets = /^[\w.:[\]-]+$/.test(host) ? ` ws://${host} wss://${host}` : "";
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self'${sockets}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}
