/** Rules of `<waygate-presence>`. */
export const PRESENCE_CSS = `
/* Positioned, or what is only spoken would add to the height of the page. */
:host { position: relative; display: flex; flex-direction: column; min-height: 0; background: var(--_surface); }
.summary {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0.25rem 0.875rem;
  min-height: 2.1875rem;
  padding: 0.25rem 0.5rem 0.625rem;
  font-variant-numeric: tabular-nums;
}
.total { font-weight: 600; }
.count { display: inline-flex; align-items: center; gap: 0.375rem; color: var(--_muted); font-size: 0.8125rem; }
.scroll { flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; position: relative; }
ul { margin: 0; padding: 0; list-style: none; }
/* Rows out of sight cost neither layout nor paint, yet stay in the page for search and readers. */
li { content-visibility: auto; contain-intrinsic-size: auto 3.25rem; }
.row {
  display: flex;
  align-items: center;
  gap: 0.75rem;
  width: 100%;
  min-height: 3.25rem;
  padding: 0.375rem 0.5rem;
  border: 0;
  border-radius: var(--_radius);
  background: none;
  text-align: start;
}
button.row { cursor: pointer; }
button.row:hover { background: var(--_hover); }
button.row:focus-visible { outline-offset: -2px; }
.who { flex: 1; min-width: 0; display: grid; }
.line { display: flex; align-items: center; gap: 0.375rem; min-width: 0; }
.name, .about { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.name { font-weight: 500; }
.about, .seen { color: var(--_muted); font-size: 0.8125rem; }
.seen { flex: none; font-variant-numeric: tabular-nums; }
.tag {
  flex: none;
  padding: 0 0.375rem;
  border: 1px solid var(--_border);
  border-radius: 1rem;
  color: var(--_muted);
  font-size: 0.6875rem;
  font-weight: 600;
}
li[data-status="offline"] .name { color: var(--_muted); }
.empty { margin: 0; padding: 1.5rem 0.75rem; color: var(--_muted); text-align: center; text-wrap: balance; }
.refused {
  margin: 0 0.5rem 0.625rem;
  padding: 0.375rem 0.75rem;
  border-inline-start: 0.1875rem solid var(--waygate-busy, light-dark(#dc2626, #f87171));
  overflow-wrap: anywhere;
}
:host([stale]) .avatar { filter: grayscale(1); }
@media (prefers-reduced-motion: no-preference) {
  button.row { transition: background-color 0.12s; }
}
`;
