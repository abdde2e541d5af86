/** Rules of `<waygate-status>`. */
export const STATUS_CSS = `
:host { display: inline-block; max-width: 100%; }
.base { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.5rem; outline-offset: 4px; }
.dot { margin-inline: 0.125rem 0.375rem; }
.label { margin-inline-end: 0.25rem; font-weight: 600; }
.latency, .problem, .retry { color: var(--_muted); font-variant-numeric: tabular-nums; }
button {
  min-height: 2rem;
  padding: 0.25rem 0.75rem;
  border: 0;
  border-radius: calc(var(--_radius) * 0.7);
  background: var(--_accent);
  color: var(--_on-accent);
  font-size: 0.875rem;
  font-weight: 600;
  cursor: pointer;
}
button:hover { filter: brightness(1.1); }
button[aria-disabled="true"] { background: var(--_hover); color: var(--_muted); cursor: default; filter: none; }
@media (forced-colors: active) { button { border: 1px solid; } }
@media (prefers-reduced-motion: no-preference) {
  :host([state="connecting"]) .dot, :host([state="reconnecting"]) .dot {
    animation: waygate-breathe 1.6s ease-in-out infinite;
  }
}
@keyframes waygate-breathe { 50% { opacity: 0.35; } }
`;
