const sheets = new Map<string, CSSStyleSheet>();

/**
 * The one style sheet with these rules, for all instances of an element. Constructed sheets need no
 * exception from a Content-Security-Policy, as `<style>` in a shadow root would.
 */
export function sharedStyleSheet(css: string): CSSStyleSheet {
  let sheet = sheets.get(css);
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    sheets.set(css, sheet);
  }
  return sheet;
}
