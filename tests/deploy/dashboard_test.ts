import assert from "node:assert/strict";
import { sharedBackends } from "../support/backends.ts";
import { assertMeasured, measureTraffic } from "./measured_traffic.ts";
import { namesOf } from "./promql.ts";

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { name: string; definition?: string }[] };
}

const FILE = new URL("../../deploy/grafana/waygate.json", import.meta.url);
const dashboard: Dashboard = JSON.parse(await Deno.readTextFile(FILE));
const families = await measureTraffic(await sharedBackends());
/** What a scrape adds to every metric. */
const TARGET = new Set(["instance", "job"]);

Deno.test("every query of the dashboard asks for what a gateway measures", () => {
  const charts = dashboard.panels.filter(({ type }) => type !== "row");
  assert.ok(charts.length > 30);
  for (const { title, targets = [] } of charts) {
    assert.ok(targets.length > 0, `${title} asks for nothing`);
    for (const { expr, legendFormat } of targets) {
      const { metrics, labels } = namesOf(expr);
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
      assertMeasured(families, { metrics, labels: new Set([...labels, ...shown]) }, expr, TARGET);
    }
  }
});

Deno.test("every metric of a gateway but the constant ones is on the dashboard", () => {
  const text = JSON.stringify(dashboard);
  const unseen = [...families.keys()].filter((name) => !text.includes(name));
  assert.deepEqual(unseen, ["waygate_lease_ttl_seconds"]);
});

Deno.test("the dashboard's variables ask for what a gateway measures", () => {
  for (const { definition } of dashboard.templating.list) {
    if (definition === undefined) continue;
    const [, metric = "", label = ""] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
    assertMeasured(
      families,
      { metrics: new Set([metric]), labels: new Set([label]) },
      definition,
      TARGET,
    );
  }
});

Deno.test("no two panels of the dashboard overlap or share an id", () => {
  const { panels } = dashboard;
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const a of panels) {
    assert.ok(a.gridPos.x + a.gridPos.w <= 24, `${a.title} is too wide`);
    for (const b of panels) {
      const [p, q] = [a.gridPos, b.gridPos];
      const isApart = p.x + p.w <= q.x || q.x + q.w <= p.x || p.y + p.h <= q.y || q.y + q.h <= p.y;
      assert.ok(a === b || isApart, `${a.title} and ${b.title} overlap`);
    }
  }
});
