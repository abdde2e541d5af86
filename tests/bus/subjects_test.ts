import assert from "node:assert/strict";
import fc from "fast-check";
import { createSubjects, escapeToken, unescapeToken } from "../../src/bus/subjects.ts";

const subjects = createSubjects("game.waygate");
/** Any text that UTF-8 can carry, and ASCII more often than chance would have it. */
const anyText = fc.oneof(
  fc.string({ minLength: 1, unit: "binary" }),
  fc.string({ minLength: 1, unit: "binary-ascii" }),
);

Deno.test("escapeToken() writes each byte outside A–Z a–z 0–9 _ - as %XX", () => {
  const written = {
    "Az09_-": "Az09_-",
    "a.b": "a%2Eb",
    "*": "%2A",
    ">": "%3E",
    " \t\r\n\0": "%20%09%0D%0A%00",
    "zone:stormwind": "zone%3Astormwind",
    "%": "%25",
    "%2E": "%252E",
    "ß": "%C3%9F",
    "😀": "%F0%9F%98%80",
    "\ufeff": "%EF%BB%BF",
    ["__proto__"]: "__proto__",
  };
  for (const [text, token] of Object.entries(written)) assert.equal(escapeToken(text), token, text);
});

Deno.test("escapeToken() gives nothing that NATS could take for syntax, and unescapeToken() the text again", () => {
  fc.assert(fc.property(anyText, (text) => {
    const token = escapeToken(text);
    assert.match(token, /^[A-Za-z0-9_%-]+$/);
    assert.equal(unescapeToken(token), text);
  }));
});

Deno.test("escapeToken() writes different texts differently", () => {
  fc.assert(fc.property(anyText, anyText, (a, b) => {
    assert.equal(escapeToken(a) === escapeToken(b), a === b);
  }));
});

Deno.test("escapeToken() refuses what has no UTF-8 and what would be no part at all", () => {
  const halves = fc.string({ unit: "binary" }).chain((text) =>
    fc.constantFrom(`${text}\ud800`, `\udc00${text}`, `${text}\ud800 ${text}`)
  );
  fc.assert(fc.property(halves, (text) => {
    assert.throws(() => escapeToken(text), TypeError);
  }));
  assert.throws(() => escapeToken(""), TypeError);
});

Deno.test("unescapeToken() reads nothing that escapeToken() does not write", () => {
  const foreign = [
    "",
    "%",
    "%2",
    "%2e",
    "%61",
    "a.b",
    "a b",
    "é",
    "%FF",
    "%C3",
    "%ED%A0%80",
    "%GG",
  ];
  for (const token of [...foreign, "*", ">", "a\n"]) {
    assert.equal(unescapeToken(token), undefined, token);
  }
  fc.assert(fc.property(fc.stringMatching(/^[%0-9A-Fa-f]{1,9}$/), (token) => {
    const text = unescapeToken(token);
    if (text !== undefined) assert.equal(escapeToken(text), token);
  }));
});

Deno.test("createSubjects() builds the subjects of the contract", () => {
  assert.deepEqual(
    [
      subjects.presence("zone:a", "u.1"),
      subjects.presence(null, "ann"),
      subjects.presenceOfLocation("lobby"),
      subjects.presenceOfLocation(null),
      subjects.presenceOfUser("*"),
      subjects.presenceOfAll(),
      subjects.userEvent("ann"),
      subjects.allUserEvents(),
      subjects.locationEvent("in-game"),
      subjects.allLocationEvents(),
      subjects.announce(),
      subjects.nodeHeartbeat("n.1"),
      subjects.allNodeHeartbeats(),
      subjects.nodeProbe("n1"),
      subjects.nodeControl("n1"),
      subjects.sessionRetired(),
      subjects.service("presence.get"),
      subjects.rpc("inventory.get"),
      subjects.rpc("inventory.*.a b"),
    ],
    [
      "game.waygate.presence.zone%3Aa.u%2E1",
      "game.waygate.presence.%.ann",
      "game.waygate.presence.lobby.*",
      "game.waygate.presence.%.*",
      "game.waygate.presence.*.%2A",
      "game.waygate.presence.*.*",
      "game.waygate.user.ann.event",
      "game.waygate.user.*.event",
      "game.waygate.location.in-game.event",
      "game.waygate.location.*.event",
      "game.waygate.announce",
      "game.waygate.node.n%2E1.heartbeat",
      "game.waygate.node.*.heartbeat",
      "game.waygate.node.n1.probe",
      "game.waygate.node.n1.control",
      "game.waygate.session.retired",
      "game.waygate.svc.presence.get",
      "game.waygate.rpc.inventory.get",
      "game.waygate.rpc.inventory.%2A.a%20b",
    ],
  );
});

Deno.test("rpc() and service() refuse a name with an empty part", () => {
  for (const name of ["", ".", "a.", ".a", "a..b"]) {
    assert.throws(() => subjects.rpc(name), TypeError, name);
    assert.throws(() => subjects.service(name), TypeError, name);
  }
});

Deno.test("createSubjects() refuses a prefix that needs escaping", () => {
  for (const prefix of ["", ".", "a.", "a b", "*", "a.>", "ä", "%"]) {
    assert.throws(() => createSubjects(prefix), TypeError, prefix);
  }
});

Deno.test("the parsers read back what was built, for any id", () => {
  fc.assert(fc.property(fc.option(anyText), anyText, (location, id) => {
    const presence = subjects.presence(location, id);
    assert.deepEqual(subjects.parsePresence(presence), { location, user: id });
    assert.equal(subjects.parseUserEvent(subjects.userEvent(id)), id);
    assert.equal(subjects.parseLocationEvent(subjects.locationEvent(id)), id);
    assert.equal(subjects.parseNodeHeartbeat(subjects.nodeHeartbeat(id)), id);
  }));
});

Deno.test("the parsers read no other subject", () => {
  const strangers = [
    "",
    "game.waygate.presence",
    "game.waygate.presence.a",
    "game.waygate.presence.a.",
    "game.waygate.presence.a.b.c",
    "game.waygate.presence.a.%",
    "game.waygate.presence.a.*",
    "other.waygate.presence.a.b",
    "game.waygate.user.event",
    "game.waygate.user..event",
    "game.waygate.user.a.b.event",
    "game.waygate.user.%.event",
    "game.waygate.location.%.event",
    "game.waygate.node.a.probe",
    "game.waygate.node.%2e.heartbeat",
  ];
  for (const subject of strangers) {
    assert.equal(subjects.parsePresence(subject), undefined, subject);
    assert.equal(subjects.parseUserEvent(subject), undefined, subject);
    assert.equal(subjects.parseLocationEvent(subject), undefined, subject);
    assert.equal(subjects.parseNodeHeartbeat(subject), undefined, subject);
  }
});
