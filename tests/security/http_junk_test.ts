import assert from "node:assert/strict";
import { startGuarded, testEngines } from "./engines.ts";
import { sendRaw } from "./raw_http.ts";
import { watched } from "./watched.ts";

const HOST = "Host: 127.0.0.1\r\n";
const UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const MARK = "<script>alert(1)</script>";

const JUNK: Readonly<Record<string, string>> = {
  "random bytes": "\x00\xff\x16\x03\x01\x02\x00\x01\xfc\x03\x03\r\n\r\n",
  "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "no version": "GET /\r\n\r\n",
  "another version": `GET / HTTP/9.9\r\n${HOST}\r\n`,
  "an unknown method": `B;REW / HTTP/1.1\r\n${HOST}\r\n`,
  "CONNECT": `CONNECT 127.0.0.1:22 HTTP/1.1\r\n${HOST}\r\n`,
  "TRACE": `TRACE / HTTP/1.1\r\n${HOST}\r\n`,
  "OPTIONS *": `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
  "no Host": "GET /openrpc.jso HTTP/1.1\r\n\r\n",
  "a Host that is none": `GET /x HTTP/1.1\r\nHost: ${MARK} :x@\\\r\n\r\n`,
  "an absolute URL of another host": `GET http://evil.example/x HTTP/1.1\r\n${HOST}\r\n`,
  "a path that looks like a host": `GET //evil.example/ws HTTP/1.1\r\n${HOST}\r\n`,
  "dots and percent signs": `GET /%2e%2e/%2e%2e/etc/passwd%00 HTTP/1.1\r\n${HOST}\r\n`,
  "markup in the path": `GET /${MARK} HTTP/1.1\r\n${HOST}\r\n`,
  "bytes that are no UTF-8 in the path": `GET /\xff\xfe%ff%fe HTTP/1.1\r\n${HOST}\r\n`,
  "half a percent sign in the query": `GET /ws?access_token=%E0%A4%A HTTP/1.1\r\n${HOST}\r\n`,
  "a path of 100 KB": `GET /${"a".repeat(100_000)} HTTP/1.1\r\n${HOST}\r\n`,
  "a header of 1 MB": `GET /x HTTP/1.1\r\n${HOST}X: ${"a".repeat(1_000_000)}\r\n\r\n`,
  "5,000 headers": `GET /x HTTP/1.1\r\n${HOST}${"X: y\r\n".repeat(5000)}\r\n`,
  "a header name with a space": `GET /x HTTP/1.1\r\n${HOST}Up grade: x\r\n\r\n`,
  "NUL in a header": `GET /x HTTP/1.1\r\n${HOST}X: a\x00b\r\n\r\n`,
  "two lengths": `POST /x HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
  "a negative length": `POST /x HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`,
  "a length and chunks":
    `POST /x HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
  "a chunk of 16 EiB":
    `POST /x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`,
  "a handshake without a key": `GET /ws HTTP/1.1\r\n${HOST}${UPGRADE}\r\n`,
  "a handshake with a short key":
    `GET /ws HTTP/1.1\r\n${HOST}${UPGRADE}Sec-WebSocket-Key: abc\r\n\r\n`,
  "a handshake by POST": `POST /ws HTTP/1.1\r\n${HOST}${UPGRADE}${KEY}Content-Length: 0\r\n\r\n`,
  "a handshake elsewhere": `GET /metrics/ws HTTP/1.1\r\n${HOST}${UPGRADE}${KEY}\r\n`,
  "a handshake with 2,000 subprotocols":
    `GET /ws HTTP/1.1\r\n${HOST}${UPGRADE}${KEY}Sec-WebSocket-Protocol: ${
      Array.from({ length: 2000 }, (_, index) => `p${index}`).join(", ")
    }\r\n\r\n`,
  "a handshake with subprotocols that are none":
    `GET /ws HTTP/1.1\r\n${HOST}${UPGRADE}${KEY}Sec-WebSocket-Protocol: a b,,\x80,{}\r\n\r\n`,
  "an upgrade to something else":
    `GET /x HTTP/1.1\r\n${HOST}Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n`,
};

testEngines("header and URL junk is refused and mirrored nowhere", async (engine) => {
  await using gateway = await startGuarded(engine, { MAX_CONNECTIONS: "50" });
  await watched("junk", engine, gateway, async () => {
    const statuses = new Set<number>();
    for (const [name, request] of Object.entries(JUNK)) {
      const { status, text } = await sendRaw(gateway.port, request);
      assert.ok(status === 0 || (status >= 400 && status < 500), `${name}: ${text}`);
      assert.ok(!text.includes(MARK), name);
      statuses.add(status);
    }
    const answers = [...statuses].filter((status) => status !== 0).toSorted();
    return `${answers.join(", ")}, or cut off`;
  });
  const { status } = await sendRaw(gateway.port, `GET /healthz HTTP/1.1\r\n${HOST}\r\n`);
  assert.equal(status, 200);
});
