/**
 * Asking a server on this machine whether it is there, below any client library.
 *
 * @module
 */

/**
 * Connects, sends `question` and returns what comes back up to and including `end`, or up to the end
 * of the connection.
 */
export async function firstReply(port: number, end: string, question = ""): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  if (question !== "") await connection.write(new TextEncoder().encode(question));
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(8192);
  let reply = "";
  while (!reply.includes(end)) {
    const length = await connection.read(chunk);
    if (length === null) break;
    reply += decoder.decode(chunk.subarray(0, length), { stream: true });
  }
  return reply;
}
