import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { BUNDLE_FOLDER, type Manifest } from "../../src/lobby/bundle.ts";
import { contentSecurityPolicy } from "../../src/lobby/content_security_policy.ts";
import { createLobby } from "../../src/lobby/lobby.ts";
import { buildLobby } from "./built_lobby.ts";

await buildLobby();

const URL_OF_PAGE = "http://game.example:8090/";

Deno.test("the page is revalidated by its tag and asks for a name in development only", async () => {
  for (const development of [true, false]) {
    const lobby = createLobby({ development });
    const response = await lobby.request(URL_OF_PAGE);
    assert.equal(response.status, 200);
    assert.match(response.headers.get("Content-Type") ?? "", /^text\/html/);
    assert.equal(response.headers.get("Cache-Control"), "no-cache");
    const page = await response.text();
    assert.match(page, new RegExp(`data-sign-in="${development ? "name" : "token"}"`));
    assert.doesNotMatch(page, /\{\{/);

    const etag = response.headers.get("ETag") ?? "";
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await lobby.request(URL_OF_PAGE, { headers: { "If-None-Match": known } });
      assert.equal(again.status, 304);
      assert.equal(await again.text(), "");
    }
    const other = await lobby.request(URL_OF_PAGE, { headers: { "If-None-Match": '"other"' } });
    assert.equal(other.status, 200);
    await other.body?.cancel();
  }
});

Deno.test("everything that the page loads is the gateway's own and cached for good", async () => {
  const lobby = createLobby({ development: false });
  const page = await (await lobby.request(URL_OF_PAGE)).text();
  const links = [...page.matchAll(/(?:src|href)="([^"#][^"]*)"/g)].map(([, link = ""]) => link);
  const types = new Set<string>();
  for (const link of new Set(links)) {
    assert.match(link, /^\/lobby\/lobby\.[0-9a-f]{12}\.(js|css|svg)$/);
    const response = await lobby.request(link);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("Cache-Control"), "public, max-age=31536000, immutable");
    assert.equal(response.headers.get("X-Content-Type-Options"), "nosniff");
    types.add(response.headers.get("Content-Type") ?? "");
    assert.ok((await response.bytes()).length > 0);
  }
  assert.deepEqual([...types].sort(), [
    "image/svg+xml",
    "text/css; charset=utf-8",
    "text/javascript; charset=utf-8",
  ]);
});

Deno.test("page and parts are compressed for who can read that", async () => {
  const lobby = createLobby({ development: false });
  const page = await (await lobby.request(URL_OF_PAGE)).text();
  const script = /src="([^"]+\.js)"/.exec(page)?.[1] ?? "";
  for (const path of ["/", script]) {
    const plain = await (await lobby.request(path)).text();
    const response = await lobby.request(path, { headers: { "Accept-Encoding": "gzip" } });
    assert.equal(response.headers.get("Content-Encoding"), "gzip");
    assert.match(response.headers.get("Vary") ?? "", /Accept-Encoding/);
    assert.equal(gunzipSync(await response.bytes()).toString(), plain);
  }
});

Deno.test("the page has nothing inline and a policy that would refuse it", async () => {
  const response = await createLobby({ development: true }).request(URL_OF_PAGE);
  const page = await response.text();
  assert.doesNotMatch(page, /<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/i);
  const policy = response.headers.get("Content-Security-Policy") ?? "";
  assert.doesNotMatch(policy, /unsafe|\*|data:|https?:/);
  for (
    const part of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self' ws://game.example:8090 wss://game.example:8090",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]
  ) assert.ok(policy.split("; ").includes(part), part);
  assert.equal(response.headers.get("Referrer-Policy"), "no-referrer");
});

Deno.test("contentSecurityPolicy() takes nothing but a name from a request's host", () => {
  assert.match(contentSecurityPolicy("[::1]:8090"), /connect-src 'self' ws:\/\/\[::1\]:8090 /);
  for (const host of ["x; script-src *", "x,y", "a'b", "", "x *"]) {
    assert.match(contentSecurityPolicy(host), /connect-src 'self';/);
  }
});

Deno.test("what was never built does not exist", async () => {
  const lobby = createLobby({ development: true });
  for (
    const path of [
      "/lobby/",
      "/lobby/lobby.0.js",
      "/lobby/manifest.json",
      "/lobby/..%2f..%2fdeno.json",
    ]
  ) {
    const response = await lobby.request(path);
    assert.equal(response.status, 404, path);
    await response.body?.cancel();
  }
});

Deno.test("without a build the page says what to do, and is there once it is built", async () => {
  const folder = await Deno.makeTempDir();
  const lobby = createLobby({ development: false, folder: pathToFileURL(`${folder}/`) });
  const html = await lobby.request(URL_OF_PAGE, { headers: { Accept: "text/html,*/*" } });
  assert.equal(html.status, 503);
  assert.match(await html.text(), /has not been built.*deno task lobby-build/i);
  assert.equal(html.headers.get("Cache-Control"), "no-store");
  const json = await lobby.request(URL_OF_PAGE);
  assert.equal(json.status, 503);
  const { error } = await json.json();
  assert.equal(error.code, -32004);
  assert.equal(error.data.part, "lobby");

  for await (const { name } of Deno.readDir(BUNDLE_FOLDER)) {
    await Deno.copyFile(new URL(name, BUNDLE_FOLDER), `${folder}/${name}`);
  }
  const built = await lobby.request(URL_OF_PAGE);
  assert.equal(built.status, 200);
  await built.body?.cancel();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("in development a new build shows without a restart", async () => {
  const folder = await Deno.makeTempDir();
  const write = async (name: string): Promise<void> => {
    const manifest: Manifest = { fingerprint: name, page: "page.html", assets: [`${name}.js`] };
    await Deno.writeTextFile(`${folder}/${name}.js`, name);
    await Deno.writeTextFile(`${folder}/page.html`, `<p>${name}</p>`);
    await Deno.writeTextFile(`${folder}/manifest.json`, JSON.stringify(manifest));
  };
  const lobby = createLobby({ development: true, folder: pathToFileURL(`${folder}/`) });
  for (const name of ["first", "second"]) {
    await write(name);
    assert.equal(await (await lobby.request("/")).text(), `<p>${name}</p>`);
    assert.equal(await (await lobby.request(`/lobby/${name}.js`)).text(), name);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a second build of the same sources does nothing", async () => {
  const before = (await Deno.stat(new URL("manifest.json", BUNDLE_FOLDER))).mtime;
  await buildLobby();
  assert.deepEqual((await Deno.stat(new URL("manifest.json", BUNDLE_FOLDER))).mtime, before);
});
