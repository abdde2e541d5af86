import type { VerifyToken } from "../gateway/auth.ts";
import { TokenError } from "../gateway/auth.ts";
import type { Connection } from "../gateway/connection.ts";
import type { Method, MethodTable } from "../gateway/method.ts";
import type {
  RefreshParams,
  RefreshResult,
  ResumeParams,
  ResumeResult,
} from "../protocol/methods.ts";
import * as schemas from "../protocol/schemas.ts";

/** What the session methods need done. */
export interface SessionActions {
  readonly verify: VerifyToken;
  /** Goes on with a newer token. */
  renew(connection: Connection, identity: Awaited<ReturnType<VerifyToken>>): void;
  /** Takes the place of an earlier session; what was missed is sent right after the answer. */
  resume(connection: Connection, params: ResumeParams): Promise<ResumeResult>;
}

/** `auth.refresh` and `session.resume`. */
export function sessionMethods(actions: SessionActions) {
  const refresh: Method<RefreshParams, RefreshResult, Connection> = {
    summary: "Replaces the connection's token by a newer one of the same user",
    params: schemas.RefreshParams,
    result: schemas.RefreshResult,
    async handler({ token }, connection) {
      const identity = await actions.verify(token);
      if (identity.userId !== connection.userId) throw new TokenError("claims");
      actions.renew(connection, identity);
      return { expires_at: connection.tokenExpiresAt };
    },
  };
  const resume: Method<ResumeParams, ResumeResult, Connection> = {
    summary: "Goes on where an earlier connection of the user broke; what was missed follows",
    params: schemas.ResumeParams,
    result: schemas.ResumeResult,
    handler: (params, connection) => actions.resume(connection, params),
  };
  return { "auth.refresh": refresh, "session.resume": resume } satisfies MethodTable;
}
