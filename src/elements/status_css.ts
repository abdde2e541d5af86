/** Rules of `<waygate-status>`. */
export const STATUS_CSS = `
:host { display: inline-block; max-width: 100%; }
.base { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.5rem; outline-offset: 4px; }
.words { display: flex; flex-wrap: wrap; gap: 0 0.5rem; }
.label { font-weight: 600; }
.latency, .retry { color: var(--_muted); font-variant-numeric: tabular-nums; }
.problem { color: var(--_muted); }
.indicator {
  --_dot: var(--_offline);
  position: relative;
  flex: none;
  width: 0.625rem;
  height: 0.625rem;
  margin-inline: 0.125rem;
  border: 0.125rem solid var(--_dot);
  border-radius: 50%;
  forced-color-adjust: none;
}
:host([state="connected"]) .indicator { --_dot: var(--_online); background: var(--_dot); }
:host([state="connecting"]) .indicator, :host([state="reconnecting"]) .indicator {
  --_dot: var(--_away);
  background: linear-gradient(90deg, var(--_dot) 50%, transparent 50%);
}
:host([state="closed"]) .indicator { --_dot: var(--_busy); }
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
  :host([state="connecting"]) .indicator, :host([state="reconnecting"]) .indicator {
    animation: waygate-breathe 1.6s ease-in-out infinite;
  }
}
@keyframes waygate-breathe { 50% { opacity: 0.35; } }
`;
