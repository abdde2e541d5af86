import { SignJWT } from "jose";
import { SECRET } from "./contenders.ts";

/** Tokens of so many players, `p0` and on, good for an hour. */
export function tokensOf(players: number): Promise<string[]> {
  const key = new TextEncoder().encode(SECRET);
  return Promise.all(
    Array.from({ length: players }, (_, index) =>
      new SignJWT({ name: `Player ${index}` })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setSubject(`p${index}`)
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(key)),
  );
}
