/**
 * What all elements have in common: colours and type.
 *
 * Light or dark follows the page's own `color-scheme`, so an element never turns dark on a page that
 * stays white. Every colour can be set from outside by the custom property without the underscore.
 * The defaults keep text at 4.5:1 and indicators at 3:1 (WCAG 2.2 §1.4.3, §1.4.11).
 */
export const THEME_CSS = `
:host {
  --_font: var(--waygate-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
  --_surface: var(--waygate-surface, light-dark(#ffffff, #161a22));
  --_hover: var(--waygate-hover, light-dark(#f1f3f8, #1f2530));
  --_text: var(--waygate-text, light-dark(#161b26, #e9edf5));
  --_muted: var(--waygate-muted, light-dark(#566072, #a2adbf));
  --_border: var(--waygate-border, light-dark(#dde1ea, #2b3240));
  --_accent: var(--waygate-accent, light-dark(#4338ca, #a5b4fc));
  --_on-accent: var(--waygate-on-accent, light-dark(#ffffff, #14162b));
  --_radius: var(--waygate-radius, 10px);
  color: var(--_text);
  font: 400 0.9375rem/1.4 var(--_font);
}
:host([hidden]), [hidden] { display: none !important; }
*, ::before, ::after { box-sizing: border-box; }
:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }
button { font: inherit; color: inherit; }
.spoken {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
`;
