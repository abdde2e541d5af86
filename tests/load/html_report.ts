import { type Chart, chartSvg } from "./chart.ts";
import type { Summary } from "./summary.ts";

const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem;
    color: #1c2430; background: #fff }
  table { border-collapse: collapse; width: 100% }
  th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #dde3ea }
  th:first-child, td:first-child { text-align: left }
  svg { width: 100%; height: auto } svg text { font: 12px system-ui, sans-serif; fill: #5a6675 }
  .bad { color: #b3261e; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    body { color: #e3e8ef; background: #12161c } th, td { border-color: #2c3440 }
    svg text { fill: #9aa7b6 } .bad { color: #ff8a80 }
  }`;

/** A run as a page of its own, with plots, that needs nothing else. */
export function htmlReport(summary: Summary): string {
  const title = `Load test: ${summary.scenario}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${STYLE}</style>
<h1>${escape(title)}</h1>
<p>${escape(describe(summary))}</p>
${ended(summary)}
${operationsTable(summary)}
${correctness(summary)}
${charts(summary).map((chart) => `<h2>${escape(chart.title)}</h2>\n${chartSvg(chart)}`).join("\n")}
</html>
`;
}

function describe(
  { connections, urls, ratePerS, seconds, warmupSeconds, startedAt, sent, received }: Summary,
): string {
  return `${connections} connections to ${urls.join(", ")}, ${ratePerS} messages a second for ` +
    `${seconds} s from ${startedAt}: ${sent} sent, ${received} received. ` +
    "Durations count from when a message was meant to be sent." +
    (warmupSeconds === 0 ? "" : ` The first ${warmupSeconds} s were not timed.`);
}

/** Of a run that did not come to its end. */
function ended({ isOver, ranS, seconds }: Summary): string {
  if (isOver && ranS >= seconds) return "";
  return bad(`As it was after ${ranS} of ${seconds} s${isOver ? ", when it was ended" : ""}.`);
}

function operationsTable({ operations }: Summary): string {
  const rows = Object.values(operations).map(({ name, count, mean, p50, p90, p99, p999, max }) => {
    const cells = [mean, p50, p90, p99, p999, max].map((value) => `<td>${value.toFixed(2)}</td>`);
    return `<tr><td>${escape(name)}</td><td>${count}</td>${cells.join("")}</tr>`;
  });
  const heads = ["ms", "count", "mean", "p50", "p90", "p99", "p99.9", "max"];
  return `<table><tr>${heads.map((head) => `<th>${head}</th>`).join("")}</tr>\n${
    rows.join("\n")
  }</table>`;
}

function correctness(summary: Summary): string {
  const { lost, doubled, misordered, wrong } = summary.correctness;
  const errors = Object.entries(summary.errors).map(([kind, count]) => `${kind}: ${count}`);
  const unmet = summary.expectations.filter(({ isMet }) => !isMet)
    .map(({ text, actual }) => `Not as expected: ${text}, but ${actual}`);
  const notes = [
    `Lost ${lost}, doubled ${doubled}, out of order ${misordered}, wrong ${wrong}.`,
    `Errors: ${errors.length === 0 ? "none" : errors.join(", ")}.`,
    `The loader sent late by ${summary.lag.p50.toFixed(2)} ms (p50), ${
      summary.lag.p99.toFixed(2)
    } ms (p99).`,
    ...(summary.rssGrowth === null
      ? []
      : [`Resident memory at the end: ${signed(summary.rssGrowth)} %.`]),
    ...(summary.isLoaderTheLimit
      ? ["The loader fell behind: what it measured is its own delay."]
      : []),
  ];
  return [...notes.map((note) => `<p>${escape(note)}</p>`), ...unmet.map(bad)].join("\n");
}

function bad(text: string): string {
  return `<p class="bad">${escape(text)}</p>`;
}

function signed(percent: number): string {
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(1)}`;
}

function charts({ timeline, urls }: Summary): Chart[] {
  const line = (name: string, values: readonly number[]) => ({ name, values });
  const latency: Chart = {
    title: "Duration, second by second",
    unit: "ms",
    atS: timeline.map(({ atS }) => atS),
    lines: [
      line("p50", timeline.map(({ p50Ms }) => p50Ms)),
      line("p99", timeline.map(({ p99Ms }) => p99Ms)),
    ],
  };
  const traffic: Chart = {
    title: "Messages a second",
    unit: "/s",
    atS: latency.atS,
    lines: [
      line("sent", timeline.map(({ sent }) => sent)),
      line("received", timeline.map(({ received }) => received)),
    ],
  };
  const measured = timeline.filter(({ rssBytes }) => rssBytes.length > 0);
  if (measured.length === 0) return [latency, traffic];
  const memory: Chart = {
    title: "Memory",
    unit: "MB",
    atS: measured.map(({ atS }) => atS),
    lines: urls.flatMap((url, index) => {
      const { host } = new URL(url);
      return [
        line(`${host}, resident`, measured.map(({ rssBytes }) => (rssBytes[index] ?? 0) / 1e6)),
        line(`${host}, heap`, measured.map(({ heapBytes }) => (heapBytes[index] ?? 0) / 1e6)),
      ];
    }),
  };
  return [latency, traffic, memory];
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
