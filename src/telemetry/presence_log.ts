import type { PresenceLog } from "../presence/presence_log.ts";
import type { Counters } from "./counters.ts";
import { log } from "./log.ts";
import { Repeated } from "./repeated.ts";

const malformed = new Repeated(60_000);

/** Counts messages from the bus that were dropped, and says so at most once a minute. */
export function countMalformed(counters: Counters): (subject: string, reason: string) => void {
  return (subject, reason) => {
    counters.busMalformed++;
    reportMalformed(subject, reason);
  };
}

function reportMalformed(subject: string, reason: string): void {
  malformed.report((dropped) => {
    log.warning("Dropped a malformed message", { subject, reason, dropped });
  });
}

/** What presence has to say, as log lines. */
export const presenceLog: PresenceLog = {
  reaped: (instance, sessions) => {
    log.warning("A node is gone, its sessions are ended", { instance, sessions });
  },
  leaseLost: () => {
    log.warning("The lease is gone: registering every session again under a new incarnation");
  },
  storeAway: (error) => log.error("The presence store is away", { error: error.message }),
  storeBack: () => log.info("The presence store is back"),
  malformed: (subject) => reportMalformed(subject, "It does not have the contract's shape"),
  failed: (what, error) => log.error("Presence failed", { what, error }),
};
