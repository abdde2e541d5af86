/**
 * How programs get onto a machine.
 *
 * @module
 */

import assert from "node:assert/strict";
import { planInstall } from "./install.ts";
import { findProgram } from "./programs.ts";

const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n';
const UBUNTU = "ID=ubuntu\nID_LIKE=debian\n";
const FEDORA = "ID=fedora\n";

Deno.test("planInstall() updates and installs with apt as root", () => {
  const plan = planInstall(["nats-server", "chromium"], machine(DEBIAN, { root: true }));
  assert("commands" in plan);
  const [update, install] = plan.commands.map((command) => command.join(" "));
  assert.match(update ?? "", /^env DEBIAN_FRONTEND=noninteractive apt-get update /);
  assert.match(install ?? "", / install .* nats-server chromium$/);
});

Deno.test("planInstall() uses sudo when it asks for no password, and Ubuntu's package names", () => {
  const plan = planInstall(["chromium"], machine(UBUNTU, { sudo: true }));
  assert("commands" in plan);
  assert.match(plan.commands[1]?.join(" ") ?? "", /^sudo -n env .* chromium-browser$/);
});

Deno.test("planInstall() gives advice where it cannot install", () => {
  for (const hopeless of [machine(DEBIAN, {}), machine(FEDORA, { root: true }), machine("", {})]) {
    const plan = planInstall(["redis-server", "chromium"], hopeless);
    assert("advice" in plan);
    assert.match(plan.advice, /need redis-server, chromium/);
    assert.match(plan.advice, /brew install redis; brew install --cask chromium/);
  }
});

Deno.test("findProgram() finds what the tests were started with", () => {
  assert.match(findProgram("redis-server") ?? "", /redis-server$/);
  assert.match(findProgram("nats-server") ?? "", /nats-server$/);
});

function machine(osRelease: string, may: { root?: boolean; sudo?: boolean }) {
  return { osRelease, root: may.root ?? false, sudo: may.sudo ?? false };
}
