## A Waygate client for Godot 4. Add it to the tree, set `url` and `get_token`, call `connect_player()`.
##
## Comes back by the close codes of the wire contract, and resumes what was missed.
class_name WaygateClient
extends Node

signal state_changed(state: State, close_code: int)
signal connected(welcome: Dictionary)
signal presence_updated(presence: Dictionary)
signal player_event(params: Dictionary)
signal notified(method: String, params: Dictionary)

enum State { IDLE, CONNECTING, CONNECTED, RECONNECTING, CLOSED }

const STAY_AWAY: Array[int] = [1000, 1003, 1009, 4403, 4409]
const UNAUTHORIZED := 4401
const MAX_REFUSALS := 5
const LONGEST_PAUSE_S := 20.0
const UNAVAILABLE := -32004
const RESUME_TRIES := 4
const RESUME_RETRY_S := 0.4

@export var url := "ws://localhost:8090/ws"
## Gives a token for each try; may await.
var get_token: Callable

var state := State.IDLE
var welcome := {}

var _socket: WebSocketPeer
var _next_id := 1
var _waiting := {}
var _last_seq := 0
var _versions := {}
var _close_code := 0
var _pause_s := 0.0
var _attempt := 0
var _refusals := 0
var _run := 0


func connect_player() -> void:
	if state != State.IDLE and state != State.CLOSED:
		return
	_attempt = 0
	_refusals = 0
	_run += 1
	_set_state(State.CONNECTING, 0)
	_dial(_run)


func disconnect_player() -> void:
	_run += 1
	if _socket != null:
		_socket.close(1000)
		_socket.poll()
		_socket = null
	_fail_all({"code": 0, "message": "Disconnected"})
	welcome = {}
	_set_state(State.CLOSED, 1000)


## Calls a method: `var reply = await client.call_method("presence.list", {})`. The reply has either
## `result` or `error`; `error.code` 0 says that no answer came.
func call_method(method: String, params: Dictionary = {}) -> Dictionary:
	if _socket == null or welcome.is_empty():
		return {"error": {"code": 0, "message": "Not connected"}}
	var id := _next_id
	_next_id += 1
	var answer := Answer.new()
	_waiting[id] = answer
	_socket.send_text(JSON.stringify({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
	return await answer.given


func _process(_delta: float) -> void:
	if _socket == null:
		return
	_socket.poll()
	while _socket != null and _socket.get_available_packet_count() > 0:
		_take(_socket.get_packet().get_string_from_utf8())
	if _socket != null and _socket.get_ready_state() == WebSocketPeer.STATE_CLOSED:
		_ended(_socket.get_close_code())


func _dial(run: int) -> void:
	var token: String = await get_token.call()
	if run != _run:
		return
	_close_code = 0
	_pause_s = 0.0
	_socket = WebSocketPeer.new()
	_socket.inbound_buffer_size = 1 << 20
	_socket.supported_protocols = PackedStringArray(["waygate.v1", "bearer." + token])
	if _socket.connect_to_url(url) != OK:
		_ended(-1)


func _ended(code: int) -> void:
	_socket = null
	# A close frame can get lost; system.error before it said the same.
	if code == -1 or code == 1006:
		code = _close_code if _close_code != 0 else 1006
	_fail_all({"code": 0, "message": "The connection is lost"})
	_refusals = _refusals + 1 if code == UNAUTHORIZED else 0
	if code in STAY_AWAY or _refusals >= MAX_REFUSALS:
		_set_state(State.CLOSED, code)
		return
	_set_state(State.RECONNECTING, code)
	var limit := minf(LONGEST_PAUSE_S, 0.5 * pow(2.0, _attempt))
	_attempt += 1
	var run := _run
	await get_tree().create_timer(maxf(_pause_s, randf() * limit)).timeout
	if run == _run:
		_dial(run)


func _take(text: String) -> void:
	var message = JSON.parse_string(text)
	if not message is Dictionary:
		return
	if message.has("method"):
		_hear(message["method"], message.get("params", {}))
		return
	var id := int(message.get("id", 0))
	if _waiting.has(id):
		var answer: Answer = _waiting[id]
		_waiting.erase(id)
		answer.given.emit(message)


func _hear(method: String, params: Dictionary) -> void:
	if params.has("seq"):
		if int(params["seq"]) <= _last_seq:
			return
		_last_seq = int(params["seq"])
	match method:
		"system.welcome":
			_greeted(params)
		"system.error":
			var data = params.get("data")
			if data is Dictionary:
				_close_code = int(data.get("close_code", 0))
		"system.shutdown":
			_pause_s = float(params["reconnect_after_ms"]) / 1000.0
		"system.token_expiring":
			_refresh()
		"presence.updated":
			for presence in params["presences"]:
				_show(presence)
		"player.event":
			player_event.emit(params)
		_:
			notified.emit(method, params)


func _greeted(params: Dictionary) -> void:
	var earlier: String = welcome.get("session_id", "")
	welcome = params
	_attempt = 0
	_refusals = 0
	if earlier != "":
		await _resume(earlier)
	if _socket == null or welcome != params:
		return
	_set_state(State.CONNECTED, 0)
	_show(params["presence"])
	connected.emit(params)


## The first message of a connection; what was missed follows the answer.
func _resume(session_id: String) -> void:
	var own := welcome
	for tries in RESUME_TRIES:
		if _socket == null or welcome != own:
			return
		var params := {"session_id": session_id, "last_seq": _last_seq}
		var reply := await call_method("session.resume", params)
		if reply.has("result"):
			if not reply["result"]["resumed"]:
				_last_seq = 0
			return
		if int(reply["error"]["code"]) != UNAVAILABLE:
			return
		# A gateway that cannot reach its store holds new events back for a second.
		await get_tree().create_timer(RESUME_RETRY_S).timeout


func _refresh() -> void:
	var token: String = await get_token.call()
	call_method("auth.refresh", {"token": token})


func _show(presence: Dictionary) -> void:
	var version := int(presence["version"])
	if version <= int(_versions.get(presence["user_id"], -1)):
		return
	_versions[presence["user_id"]] = version
	presence_updated.emit(presence)


func _fail_all(error: Dictionary) -> void:
	var waiting := _waiting
	_waiting = {}
	for id in waiting:
		waiting[id].given.emit({"error": error})


func _set_state(to: State, code: int) -> void:
	state = to
	state_changed.emit(to, code)


class Answer:
	signal given(reply: Dictionary)
