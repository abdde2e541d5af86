import assert from "node:assert/strict";
import { parse } from "yaml";
import { sharedBackends } from "../support/backends.ts";
import { assertMeasured, measureTraffic } from "./measured_traffic.ts";
import { namesOf } from "./promql.ts";

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: { readonly severity: string };
  readonly annotations?: { readonly summary: string };
}

const ROOT = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
const file: { groups: { rules: Rule[] }[] } = parse(await read("deploy/prometheus/rules.yml"));
const rules = file.groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert !== undefined);
const backends = await sharedBackends();

Deno.test("every rule asks for what a gateway or Prometheus itself measures", async () => {
  const families = await measureTraffic(backends);
  const others = new Set([
    "up",
    "instance",
    "job",
    "world",
    ...rules.map(({ record }) => record ?? ""),
  ]);
  assert.ok(alerts.length > 15);
  for (const { expr, annotations } of rules) {
    const { metrics, labels } = namesOf(expr);
    const shown = [...(annotations?.summary ?? "").matchAll(/\$labels\.(\w+)/g)];
    const all = new Set([...labels, ...shown.map(([, label = ""]) => label)]);
    assertMeasured(families, { metrics, labels: all }, expr, others);
  }
});

Deno.test("every alert says how bad it is and what to do is in docs/operations.md", async () => {
  const guide = await read("docs/operations.md");
  for (const { alert = "", labels, annotations } of alerts) {
    assert.match(labels?.severity ?? "", /^(page|ticket)$/, alert);
    assert.ok((annotations?.summary ?? "").length > 20, alert);
    assert.ok(guide.includes(`\`${alert}\``), `${alert} is not in docs/operations.md`);
  }
  const documented = [...guide.matchAll(/`(Waygate[A-Z]\w+)`/g)].map(([, name = ""]) => name);
  const gone = documented.filter((name) => !alerts.some(({ alert }) => alert === name));
  assert.deepEqual(gone, []);
});

Deno.test("every metric is in the table of docs/operations.md, and no other", async () => {
  const families = await measureTraffic(backends);
  const guide = await read("docs/operations.md");
  const documented = [...guide.matchAll(/^\| `(waygate_\w+)/gm)].map(([, name = ""]) => name);
  assert.deepEqual(documented.toSorted(), [...families.keys()].toSorted());
});

Deno.test("prometheus.yml scrapes the gateways of compose.yaml and reads the rules", async () => {
  const config = parse(await read("deploy/prometheus/prometheus.yml"));
  assert.deepEqual(config.rule_files, ["rules.yml"]);
  const [job] = config.scrape_configs;
  assert.equal(job.job_name, "waygate");
  const compose = parse(await read("deploy/compose.yaml"));
  const services = Object.keys(compose.services);
  const [script] = compose.services.prometheus.command;
  assert.ok(script.includes(`> ${job.authorization.credentials_file} &&`), "the token's file");
  for (const target of job.static_configs[0].targets) {
    const [host, port] = String(target).split(":");
    assert.ok(services.includes(host ?? ""), `compose.yaml has no service ${host}`);
    assert.equal(port, "8090");
  }
});
