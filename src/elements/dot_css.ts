/**
 * Rules of the dot that stands for a status: `<span class="dot away">`. Each status has a shape of
 * its own too, for those who do not tell the colours apart.
 */
export const DOT_CSS = `
.dot {
  --_dot: var(--waygate-offline, light-dark(#6b7385, #8c96a8));
  --_hole: var(--waygate-surface, light-dark(#ffffff, #161a22));
  display: inline-block;
  flex: none;
  width: 0.625rem;
  height: 0.625rem;
  border: 0.125rem solid var(--_dot);
  border-radius: 50%;
  background: var(--_hole);
  forced-color-adjust: none;
}
.dot.online {
  --_dot: var(--waygate-online, light-dark(#15803d, #4ade80));
  background: var(--_dot);
}
.dot.away {
  --_dot: var(--waygate-away, light-dark(#b45309, #fbbf24));
  background: linear-gradient(90deg, var(--_dot) 50%, var(--_hole) 50%);
}
.dot.busy {
  --_dot: var(--waygate-busy, light-dark(#dc2626, #f87171));
  background: linear-gradient(var(--_hole) 0 0) center / 100% 0.125rem no-repeat, var(--_dot);
}
`;
