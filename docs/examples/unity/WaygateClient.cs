// A Waygate client for Unity (2021 or newer) and any .NET with ClientWebSocket. JSON is Newtonsoft's:
// the package com.unity.nuget.newtonsoft-json.
//
// Comes back by the close codes of the wire contract, and resumes what was missed. Events are raised
// where RunAsync() was called: in Unity, on the main thread.
using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Net.WebSockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Waygate
{
    public enum ConnectionState { Idle, Connecting, Connected, Reconnecting, Closed }

    /// <summary>The server answered a call with an error; code 0: there was no answer.</summary>
    public sealed class RpcException : Exception
    {
        public int Code { get; }
        public JToken Details { get; }

        public RpcException(int code, string message, JToken details = null) : base(message)
        {
            Code = code;
            Details = details;
        }
    }

    public sealed class WaygateClient : IDisposable
    {
        private const int Unauthorized = 4401;
        private const int MaxRefusals = 5;
        private const int Unavailable = -32004;
        private const int ResumeTries = 4;
        private const int ResumeRetryMs = 400;
        private const double LongestPauseMs = 20000;
        private static readonly HashSet<int> StayAway = new HashSet<int> { 1000, 1003, 1009, 4403, 4409 };

        public event Action<ConnectionState, int> StateChanged;
        public event Action<JObject> Connected;
        public event Action<JObject> PresenceUpdated;
        public event Action<JObject> PlayerEvent;
        public event Action<string, JObject> Notified;

        public ConnectionState State { get; private set; } = ConnectionState.Idle;
        public JObject Welcome { get; private set; }

        private readonly Uri _url;
        private readonly Func<CancellationToken, Task<string>> _getToken;
        private readonly ConcurrentDictionary<long, TaskCompletionSource<JToken>> _waiting =
            new ConcurrentDictionary<long, TaskCompletionSource<JToken>>();
        private readonly Dictionary<string, long> _versions = new Dictionary<string, long>();
        private readonly SemaphoreSlim _sending = new SemaphoreSlim(1, 1);
        private readonly CancellationTokenSource _end = new CancellationTokenSource();
        private readonly Random _random = new Random();
        private ClientWebSocket _socket;
        private long _nextId;
        private long _lastSeq;
        private int _closeCode;
        private double _pauseMs;
        private int _attempt;
        private int _refusals;

        /// <param name="getToken">Gives a token for each try, from the game's own server.</param>
        public WaygateClient(Uri url, Func<CancellationToken, Task<string>> getToken)
        {
            _url = url;
            _getToken = getToken;
        }

        /// <summary>Stays connected until Dispose() or a close that forbids to come back.</summary>
        public async Task RunAsync()
        {
            SetState(ConnectionState.Connecting, 0);
            while (!_end.IsCancellationRequested)
            {
                var code = await OneConnectionAsync();
                FailAll();
                if (_end.IsCancellationRequested) break;
                _refusals = code == Unauthorized ? _refusals + 1 : 0;
                if (StayAway.Contains(code) || _refusals >= MaxRefusals)
                {
                    SetState(ConnectionState.Closed, code);
                    return;
                }
                SetState(ConnectionState.Reconnecting, code);
                var limit = Math.Min(LongestPauseMs, 500 * Math.Pow(2, _attempt++));
                var pauseMs = Math.Max(_pauseMs, _random.NextDouble() * limit);
                try { await Task.Delay(TimeSpan.FromMilliseconds(pauseMs), _end.Token); }
                catch (OperationCanceledException) { break; }
            }
            SetState(ConnectionState.Closed, 1000);
        }

        /// <exception cref="RpcException">The answer was an error, or there was none.</exception>
        public async Task<JToken> CallAsync(string method, object parameters = null)
        {
            var socket = _socket;
            if (socket == null || socket.State != WebSocketState.Open)
                throw new RpcException(0, "Not connected");
            var id = Interlocked.Increment(ref _nextId);
            var answer = new TaskCompletionSource<JToken>();
            _waiting[id] = answer;
            var request = new JObject
            {
                ["jsonrpc"] = "2.0",
                ["id"] = id,
                ["method"] = method,
                ["params"] = JObject.FromObject(parameters ?? new object()),
            };
            try { await SendAsync(socket, request.ToString(Formatting.None)); }
            catch (Exception error) when (
                error is WebSocketException || error is OperationCanceledException ||
                error is InvalidOperationException)
            {
                _waiting.TryRemove(id, out _);
                throw new RpcException(0, error.Message);
            }
            return await answer.Task;
        }

        public void Dispose() => _end.Cancel();

        /// <summary>One connection from its beginning to its end; gives the close code that counts.</summary>
        private async Task<int> OneConnectionAsync()
        {
            _closeCode = 0;
            _pauseMs = 0;
            using (var socket = new ClientWebSocket())
            {
                try
                {
                    socket.Options.AddSubProtocol("waygate.v1");
                    socket.Options.AddSubProtocol("bearer." + await _getToken(_end.Token));
                    await socket.ConnectAsync(_url, _end.Token);
                    _socket = socket;
                    await ReceiveAsync(socket);
                }
                catch (OperationCanceledException)
                {
                    await SayGoodbyeAsync(socket);
                }
                catch (Exception)
                {
                    // The network, or whoever gives tokens: both are tried again.
                }
                finally
                {
                    _socket = null;
                }
                var code = (int?)socket.CloseStatus ?? 1006;
                // A close frame can get lost; system.error before it said the same.
                return code == 1006 && _closeCode != 0 ? _closeCode : code;
            }
        }

        private async Task ReceiveAsync(ClientWebSocket socket)
        {
            var buffer = new ArraySegment<byte>(new byte[16384]);
            var message = new MemoryStream();
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer, _end.Token);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    await SayGoodbyeAsync(socket);
                    return;
                }
                message.Write(buffer.Array, 0, part.Count);
                if (!part.EndOfMessage) continue;
                Take(Encoding.UTF8.GetString(message.GetBuffer(), 0, (int)message.Length));
                message.SetLength(0);
            }
        }

        private void Take(string text)
        {
            var settings = new JsonSerializerSettings { DateParseHandling = DateParseHandling.None };
            var message = JsonConvert.DeserializeObject<JObject>(text, settings);
            var method = (string)message["method"];
            if (method != null) Hear(method, message["params"] as JObject ?? new JObject());
            else if (message["id"]?.Type == JTokenType.Integer) Settle(message);
        }

        private void Settle(JObject message)
        {
            if (!_waiting.TryRemove((long)message["id"], out var answer)) return;
            if (message["error"] is JObject error)
                answer.TrySetException(
                    new RpcException((int)error["code"], (string)error["message"], error["data"]));
            else answer.TrySetResult(message["result"]);
        }

        private void Hear(string method, JObject parameters)
        {
            if (parameters["seq"] is JToken seq)
            {
                if ((long)seq <= _lastSeq) return;
                _lastSeq = (long)seq;
            }
            switch (method)
            {
                case "system.welcome":
                    _ = GreetedAsync(parameters);
                    break;
                case "system.error":
                    _closeCode = (int?)(parameters["data"] as JObject)?["close_code"] ?? 0;
                    break;
                case "system.shutdown":
                    _pauseMs = (double)parameters["reconnect_after_ms"];
                    break;
                case "system.token_expiring":
                    _ = RefreshAsync();
                    break;
                case "presence.updated":
                    foreach (var presence in parameters["presences"]) Show((JObject)presence);
                    break;
                case "player.event":
                    PlayerEvent?.Invoke(parameters);
                    break;
                default:
                    Notified?.Invoke(method, parameters);
                    break;
            }
        }

        private async Task GreetedAsync(JObject welcome)
        {
            var earlier = (string)Welcome?["session_id"];
            Welcome = welcome;
            _attempt = 0;
            _refusals = 0;
            try
            {
                if (earlier != null) await ResumeAsync(earlier);
                if (Welcome != welcome) return;
                SetState(ConnectionState.Connected, 0);
                Show((JObject)welcome["presence"]);
                Connected?.Invoke(welcome);
            }
            catch (RpcException error) when (error.Code == 0)
            {
                // The connection is gone again: the next welcome tries anew.
            }
        }

        /// <summary>The first message of a connection; what was missed follows the answer.</summary>
        private async Task ResumeAsync(string sessionId)
        {
            var welcome = Welcome;
            for (var tries = 0; tries < ResumeTries && Welcome == welcome; tries++)
            {
                try
                {
                    var result = await CallAsync(
                        "session.resume", new { session_id = sessionId, last_seq = _lastSeq });
                    if (!(bool)result["resumed"]) _lastSeq = 0;
                    return;
                }
                catch (RpcException error) when (error.Code != 0)
                {
                    if (error.Code != Unavailable) return;
                }
                // A gateway that cannot reach its store holds new events back for a second.
                await Task.Delay(ResumeRetryMs);
            }
        }

        private async Task RefreshAsync()
        {
            try { await CallAsync("auth.refresh", new { token = await _getToken(_end.Token) }); }
            catch (Exception)
            {
                // The connection ends with its token, and the next try asks for another.
            }
        }

        private void Show(JObject presence)
        {
            var user = (string)presence["user_id"];
            var version = (long)presence["version"];
            if (_versions.TryGetValue(user, out var known) && version <= known) return;
            _versions[user] = version;
            PresenceUpdated?.Invoke(presence);
        }

        private async Task SendAsync(ClientWebSocket socket, string text)
        {
            await _sending.WaitAsync(_end.Token);
            try
            {
                var bytes = new ArraySegment<byte>(Encoding.UTF8.GetBytes(text));
                await socket.SendAsync(bytes, WebSocketMessageType.Text, true, _end.Token);
            }
            finally
            {
                _sending.Release();
            }
        }

        private static async Task SayGoodbyeAsync(ClientWebSocket socket)
        {
            using (var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2)))
            {
                try
                {
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", limit.Token);
                }
                catch (Exception)
                {
                    // It is gone already.
                }
            }
        }

        private void FailAll()
        {
            foreach (var id in _waiting.Keys)
            {
                if (_waiting.TryRemove(id, out var answer))
                    answer.TrySetException(new RpcException(0, "The connection is lost"));
            }
        }

        private void SetState(ConnectionState state, int closeCode)
        {
            State = state;
            StateChanged?.Invoke(state, closeCode);
        }
    }
}
