import assert from "node:assert/strict";
import { parse, parseAllDocuments } from "yaml";
import { VARIABLES } from "../../src/config_variables.ts";
import { serveGateway } from "../gateway/local_gateway.ts";

const ROOT = new URL("../../", import.meta.url);
const DEPLOY = new URL("deploy/", ROOT);
const read = (path: string) => Deno.readTextFile(new URL(path, DEPLOY));
const yaml = async (path: string) => parse(await read(path), { merge: true, strict: true });

/** Files of a folder below deploy/, by their names' end. */
function files(folder: string, end: string): string[] {
  return [...Deno.readDirSync(new URL(folder, DEPLOY))]
    .filter(({ isFile, name }) => isFile && name.endsWith(end))
    .map(({ name }) => `${folder}${name}`);
}

/** The variables of an environment that neither the gateway nor the image knows. */
function unknown(names: readonly string[], others: readonly string[] = []): string[] {
  return names.filter((name) => !(name in VARIABLES) && !others.includes(name));
}

Deno.test("every YAML file below deploy/ is one document without errors", async () => {
  const folders = ["", "kubernetes/", "prometheus/"];
  const all = folders.flatMap((folder) => [...files(folder, ".yaml"), ...files(folder, ".yml")]);
  assert.ok(all.length >= 9);
  for (const path of all) {
    const documents = parseAllDocuments(await read(path), { strict: true, merge: true });
    assert.equal(documents.length, 1, path);
    for (const { errors, warnings } of documents) {
      assert.deepEqual([errors, warnings], [[], []], path);
    }
  }
});

Deno.test("compose.yaml runs two gateways and what they need, hardened", async () => {
  const { services, volumes } = await yaml("compose.yaml");
  assert.deepEqual(Object.keys(services).toSorted(), [
    ...["gateway-a", "gateway-b", "grafana", "nats", "prometheus", "redis", "redis-rest"],
  ]);
  for (const [name, service] of Object.entries<Record<string, never>>(services)) {
    assert.equal(service["read_only"], true, name);
    assert.deepEqual(service["cap_drop"], ["ALL"], name);
    for (const needed of Object.keys(service["depends_on"] ?? {})) assert.ok(needed in services);
    for (const mount of (service["volumes"] ?? []) as string[]) {
      const [source = ""] = mount.split(":");
      if (source.startsWith("./")) assert.ok(await Deno.stat(new URL(source, DEPLOY)), mount);
      else assert.ok(source in volumes, mount);
    }
  }
  for (const name of ["gateway-a", "gateway-b"]) {
    const { environment, stop_grace_period: grace } = services[name];
    assert.deepEqual(unknown(Object.keys(environment)), []);
    assert.equal(environment.NODE_ID, name);
    assert.ok(parseInt(grace) * 1000 > Number(VARIABLES.DRAIN_MS.default));
  }
  const { environment, entrypoint } = services["redis-rest"];
  assert.deepEqual(
    unknown(Object.keys(environment), ["REDIS_URL", "REDIS_REST_TOKEN", "HEALTH_PATH"]),
    [],
  );
  assert.ok(await Deno.stat(new URL(entrypoint.at(-1), ROOT)));
});

Deno.test("gateways that strangers reach run on the engine that bounds what they send", async () => {
  const { services } = await yaml("compose.yaml");
  const { data } = await yaml("kubernetes/configmap.yaml");
  for (const environment of [services["gateway-a"].environment, data]) {
    assert.equal(environment.WEBSOCKET_ENGINE, "ws");
  }
});

Deno.test("compose.yaml shows players and operators what is theirs, this machine the rest", async () => {
  const { services } = await yaml("compose.yaml");
  const ports = Object.values<{ ports?: string[] }>(services).flatMap((service) =>
    service.ports ?? []
  );
  assert.deepEqual(ports.toSorted(), [
    ...["127.0.0.1:4222:4222", "127.0.0.1:9090:9090", "3000:3000", "8090:8090", "8091:8090"],
  ]);
});

Deno.test("no secret stands in compose.yaml", async () => {
  const { services } = await yaml("compose.yaml");
  for (
    const { environment = {} } of Object.values<{ environment?: Record<string, string> }>(services)
  ) {
    for (const [name, value] of Object.entries(environment)) {
      if (/SECRET|TOKEN$|PASSWORD/.test(name)) assert.match(value, /^\$\{\w+:\?/, name);
    }
  }
});

Deno.test("the Kubernetes manifests agree with each other and with the gateway", async () => {
  const { resources } = await yaml("kubernetes/kustomization.yaml");
  const present = files("kubernetes/", ".yaml").map((path) => path.slice("kubernetes/".length));
  assert.deepEqual([...resources, "kustomization.yaml"].toSorted(), present.toSorted());

  const deployment = await yaml("kubernetes/deployment.yaml");
  const labels = deployment.spec.template.metadata.labels;
  const { spec } = deployment.spec.template;
  const [container] = spec.containers;
  const config = await yaml("kubernetes/configmap.yaml");
  assert.deepEqual(unknown(Object.keys(config.data)), []);
  for (const value of Object.values(config.data)) assert.equal(typeof value, "string");
  const seconds = Number(config.data.DRAIN_MS) / 1000 + container.lifecycle.preStop.sleep.seconds;
  assert.ok(spec.terminationGracePeriodSeconds > seconds, "the drain has its time");
  assert.ok(spec.securityContext.runAsNonRoot && container.securityContext.readOnlyRootFilesystem);

  const service = await yaml("kubernetes/service.yaml");
  const budget = await yaml("kubernetes/disruption_budget.yaml");
  const policy = await yaml("kubernetes/network_policy.yaml");
  assert.deepEqual(service.spec.selector, labels);
  assert.deepEqual(budget.spec.selector.matchLabels, labels);
  assert.deepEqual(policy.spec.podSelector.matchLabels, labels);
  const [port] = container.ports;
  assert.equal(service.spec.ports[0].targetPort, port.name);
  assert.equal(port.containerPort, Number(VARIABLES.PORT.default));
  const scaler = await yaml("kubernetes/autoscaler.yaml");
  assert.equal(scaler.spec.scaleTargetRef.name, deployment.metadata.name);
  const [metric] = scaler.spec.metrics;
  assert.equal(metric.pods.metric.name, "waygate_connections");
  assert.ok(Number(metric.pods.target.averageValue) < Number(config.data.MAX_CONNECTIONS));
});

Deno.test("the probes ask for routes that a gateway has", async () => {
  await using local = await serveGateway();
  const { spec } = (await yaml("kubernetes/deployment.yaml")).spec.template;
  const [container] = spec.containers;
  for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"]) {
    const response = await fetch(`${local.url}${container[probe].httpGet.path}`);
    await response.body?.cancel();
    assert.equal(response.status, 200, probe);
  }
});

Deno.test("the Dockerfile runs the gateway as the task `start` does, not as root", async () => {
  const text = (await read("Dockerfile")).replaceAll("\\\n", " ");
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const start: string[] = tasks.start.slice(tasks.start.lastIndexOf("deno run")).split(" ");
  const entry: string[] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(text)?.[1] ?? "[]");
  const flags = start.filter((word) => !word.startsWith("--allow-read"));
  assert.deepEqual(flags.filter((word) => !entry.includes(word)), []);
  assert.match(text, /^USER 65532/m);
  const health: string[] = JSON.parse(/^HEALTHCHECK.*?CMD (\[.*\])$/m.exec(text)?.[1] ?? "[]");
  assert.equal(health.at(-1), "deploy/healthcheck.ts");
  const ignored = await read("Dockerfile.dockerignore");
  for (const [, sources = ""] of text.matchAll(/^COPY (?!--from)(.*) \S+$/gm)) {
    for (const source of sources.split(" ")) {
      assert.ok(await Deno.stat(new URL(source, ROOT)), source);
      assert.ok(ignored.includes(`!${source}\n`), `${source} is not sent to the builder`);
    }
  }
});

Deno.test("the health check's exit status tells whether a gateway serves", async () => {
  const check = async (port: number, path?: string) => {
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", "--allow-net=127.0.0.1"],
        ...["--allow-env=PORT,TLS_CERT_FILE,HEALTH_PATH", new URL("healthcheck.ts", DEPLOY).href],
      ],
      env: { PORT: `${port}`, ...(path === undefined ? {} : { HEALTH_PATH: path }) },
      stderr: "null",
    }).output();
    return code;
  };
  const local = await serveGateway();
  const port = Number(new URL(local.url).port);
  assert.equal(await check(port), 0);
  assert.equal(await check(port, "/nothing-here"), 1);
  await local[Symbol.asyncDispose]();
  assert.equal(await check(port), 1);
});
