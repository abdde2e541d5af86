"""A Waygate client on `websockets` (python3-websockets on Debian, or `pip install websockets`).

It stays connected by the rules of the wire contract: it comes back after a broken connection with a
growing random pause, resumes what was missed, asks for a new token after 4401, and stays away after
the close codes that say so.

    python3 waygate_client.py ws://localhost:8090/ws TOKEN
"""

import asyncio
import itertools
import json
import random
import sys

import websockets

STAY_AWAY = {1000, 1003, 1009, 4403, 4409}
UNAUTHORIZED = 4401
LONGEST_PAUSE_S = 20
UNAVAILABLE = -32004
RESUME_TRIES = 4
RESUME_RETRY_S = 0.4


class RpcError(Exception):
    """The server answered a call with an error."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.code = error["code"]
        self.data = error.get("data")


class Closed(Exception):
    """There is no connection any more; `code` is the close code that counts."""

    def __init__(self, code, reason):
        super().__init__(f"{code} {reason}")
        self.code = code


class WaygateClient:
    """One player. `get_token` is awaited for each try; `on_notification(method, params)` hears all."""

    def __init__(self, url, get_token, on_notification):
        self.url = url
        self.welcome = None
        self._get_token = get_token
        self._on_notification = on_notification
        self._ids = itertools.count(1)
        self._waiting = {}
        self._socket = None
        self._last_seq = 0
        self._close_code = None
        self._pause_ms = 0

    async def run(self, on_connected):
        """Stays connected; `on_connected()` runs after each welcome. Raises Closed when it is over."""
        attempt = 0
        while True:
            earlier = self.welcome
            closed = await self._one_connection(on_connected)
            if closed.code in STAY_AWAY:
                raise closed
            # A connection that was welcomed begins the counting anew.
            attempt = 0 if self.welcome is not earlier else attempt + 1
            if closed.code == UNAUTHORIZED and attempt >= 5:
                raise closed
            limit = min(LONGEST_PAUSE_S, 0.5 * 2**attempt)
            await asyncio.sleep(max(self._pause_ms / 1000, random.uniform(0, limit)))

    async def call(self, method, **params):
        """Calls a method and returns its result. Raises RpcError, or Closed when no answer came."""
        if self._socket is None:
            raise Closed(1006, "not connected")
        call_id = next(self._ids)
        answer = self._waiting[call_id] = asyncio.get_running_loop().create_future()
        request = {"jsonrpc": "2.0", "id": call_id, "method": method, "params": params}
        await self._socket.send(json.dumps(request))
        return await answer

    async def _one_connection(self, on_connected):
        self._close_code, self._pause_ms = None, 0
        try:
            token = await self._get_token()
            protocols = ["waygate.v1", f"bearer.{token}"]
            async with websockets.connect(self.url, subprotocols=protocols) as socket:
                self._socket = socket
                async for text in socket:
                    self._take(json.loads(text), on_connected)
                closed = self._end_of(socket.close_code, socket.close_reason)
        except websockets.ConnectionClosed as error:
            code, reason = (error.rcvd.code, error.rcvd.reason) if error.rcvd else (1006, "")
            closed = self._end_of(code, reason)
        except (OSError, websockets.WebSocketException, asyncio.TimeoutError) as error:
            closed = Closed(1006, str(error))
        self._socket = None
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(closed)
        self._waiting.clear()
        return closed

    def _end_of(self, code, reason):
        # A close frame can get lost; system.error before it said the same.
        if code in (None, 1006) and self._close_code:
            code = self._close_code
        return Closed(code or 1006, reason)

    def _take(self, message, on_connected):
        if "method" not in message:
            return self._settle(message)
        method, params = message["method"], message.get("params", {})
        if method == "system.welcome":
            asyncio.ensure_future(self._greeted(params, on_connected))
        elif method == "system.error":
            self._close_code = (params.get("data") or {}).get("close_code")
        elif method == "system.shutdown":
            self._pause_ms = params["reconnect_after_ms"]
        if self._is_new(params):
            self._on_notification(method, params)

    def _is_new(self, params):
        """Events and announcements carry a number that grows: each counts once."""
        seq = params.get("seq")
        if seq is None:
            return True
        is_new, self._last_seq = seq > self._last_seq, max(seq, self._last_seq)
        return is_new

    async def _greeted(self, welcome, on_connected):
        earlier, self.welcome = self.welcome, welcome
        try:
            if earlier:
                await self._resume(earlier["session_id"], welcome)
            await on_connected()
        except (Closed, RpcError) as error:
            print(f"After the welcome: {error}", file=sys.stderr)

    async def _resume(self, session_id, welcome):
        # The first message of the connection; what was missed follows the answer. A gateway that
        # cannot reach its store holds new events back for a second: so long it may be asked again.
        for _ in range(RESUME_TRIES):
            try:
                result = await self.call(
                    "session.resume", session_id=session_id, last_seq=self._last_seq
                )
            except RpcError as error:
                if error.code != UNAVAILABLE:
                    raise
            else:
                if not result["resumed"]:
                    self._last_seq = 0
                return
            await asyncio.sleep(RESUME_RETRY_S)
            if self.welcome is not welcome:
                raise Closed(1006, "lost while it resumed")

    def _settle(self, message):
        answer = self._waiting.pop(message.get("id"), None)
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(RpcError(message["error"]))
        else:
            answer.set_result(message["result"])


async def main(url, token):
    async def get_token():
        return token

    def show(method, params):
        print(json.dumps({"notification": method, "params": params}), flush=True)

    async def connected():
        presence = await client.call("player.updatePresence", status="busy", location="lobby")
        print(json.dumps({"presence": presence}), flush=True)

    client = WaygateClient(url, get_token, show)
    try:
        await client.run(connected)
    except Closed as closed:
        print(json.dumps({"closed": closed.code}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
