/** Lines over time. */
export interface Chart {
  readonly title: string;
  readonly unit: string;
  /** When each value was taken, in s. */
  readonly atS: readonly number[];
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const WIDTH = 900;
const HEIGHT = 260;
const LEFT = 60;
const RIGHT = 16;
const TOP = 28;
const BOTTOM = 28;
const COLORS = ["#2f6fde", "#d1495b", "#2a9d6f", "#c58a12"];
/** A line has no more points than this: of those that share a place, the highest is drawn. */
const MAX_POINTS = 400;

/** A chart as an SVG element. */
export function chartSvg({ title, unit, atS, lines }: Chart): string {
  const end = atS.at(-1) ?? 1;
  const highest = lines.flatMap(({ values }) => values).reduce((a, b) => Math.max(a, b), 1e-3);
  const top = roundUp(highest);
  const x = (seconds: number): number => LEFT + seconds / end * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const at = y(part * top).toFixed(1);
    return `<path d="M${LEFT} ${at}H${WIDTH - RIGHT}" stroke="#8884" fill="none"/>` +
      `<text x="${LEFT - 6}" y="${at}" text-anchor="end" dy="4">${label(part * top)}</text>`;
  });
  const paths = lines.map(({ values }, index) =>
    `<path d="${path(atS, values, x, y)}" fill="none" stroke="${color(index)}" stroke-width="1.5"/>`
  );
  const legend = lines.map(({ name }, index) =>
    `<text x="${LEFT + index * 220}" y="16"><tspan style="fill:${color(index)}">■</tspan> ${
      xmlEscape(name)
    }</text>`
  );
  const axis = `<text x="${LEFT}" y="${HEIGHT - 8}">0 s</text>` +
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${Math.round(end)} s</text>` +
    `<text x="6" y="16">${xmlEscape(unit)}</text>`;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${xmlEscape(title)}">` +
    `${grid.join("")}${paths.join("")}${legend.join("")}${axis}</svg>`;
}

function path(
  atS: readonly number[],
  values: readonly number[],
  x: (seconds: number) => number,
  y: (value: number) => number,
): string {
  const size = Math.ceil(values.length / MAX_POINTS);
  const points: string[] = [];
  for (let start = 0; start < values.length; start += size) {
    const highest = Math.max(...values.slice(start, start + size));
    points.push(`${x(atS[start] ?? 0).toFixed(1)} ${y(highest).toFixed(1)}`);
  }
  return points.length === 0 ? "" : `M${points.join("L")}`;
}

function color(index: number): string {
  return COLORS[index % COLORS.length] ?? "";
}

/** The next number that is easy to read on an axis. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 5, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}

function label(value: number): string {
  return value >= 1e6 ? `${value / 1e6} M` : `${Number(value.toPrecision(3))}`;
}

function xmlEscape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
