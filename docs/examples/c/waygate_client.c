/*
 * A Waygate client on libwebsockets (Debian: libwebsockets-dev), the transport of Unreal Engine's
 * WebSockets module. It comes back by the close codes of the wire contract.
 *
 *   cc -Wall -Wextra -o waygate_client waygate_client.c -lwebsockets
 *   ./waygate_client HOST PORT TOKEN
 *
 * It sets the player's presence after each welcome and prints every message, one a line. What was
 * missed while it was away it does not ask for: see session.resume.
 */
#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_MESSAGE (1024 * 1024)
#define LONGEST_PAUSE_MS 20000

enum { NORMAL = 1000, UNSUPPORTED = 1003, BROKEN = 1006, TOO_LARGE = 1009 };
enum { UNAUTHORIZED = 4401, KICKED = 4403, SESSION_LIMIT = 4409 };

static const char UPDATE[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"player.updatePresence\","
    "\"params\":{\"status\":\"busy\",\"location\":\"lobby\"}}";

struct client {
    struct lws_context *context;
    struct lws *socket;
    const char *host, *token;
    int port;
    char *message;        /* what has come of the message that is being received */
    size_t length;
    int close_code;       /* of the close frame, or of system.error before it */
    int pause_ms;         /* how long system.shutdown asked to stay away */
    int attempt;          /* failed tries since the last welcome */
    int is_waiting;       /* for the next try */
    lws_sorted_usec_list_t retry;
    int is_over;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

/* What the client needs to know of a message. */
struct facts {
    char method[256];
    int close_code, pause_ms;
};

static const char *const PATHS[] = {"method", "params.data.close_code", "params.reconnect_after_ms"};

static signed char read_fact(struct lejp_ctx *parser, char reason) {
    struct facts *facts = parser->user;
    if (reason == LEJPCB_VAL_STR_END && parser->path_match == 1)
        snprintf(facts->method, sizeof facts->method, "%s", parser->buf);
    if (reason == LEJPCB_VAL_NUM_INT && parser->path_match == 2) facts->close_code = atoi(parser->buf);
    if (reason == LEJPCB_VAL_NUM_INT && parser->path_match == 3) facts->pause_ms = atoi(parser->buf);
    return 0;
}

static struct facts read_facts(const char *text, size_t length) {
    struct facts facts = {{0}, 0, 0};
    struct lejp_ctx parser;
    lejp_construct(&parser, read_fact, &facts, PATHS, LWS_ARRAY_SIZE(PATHS));
    lejp_parse(&parser, (const unsigned char *)text, (int)length);
    lejp_destruct(&parser);
    return facts;
}

static int may_come_back(int code) {
    switch (code) {
    case NORMAL:
    case UNSUPPORTED:
    case TOO_LARGE:
    case KICKED:
    case SESSION_LIMIT:
        return 0;
    case UNAUTHORIZED: /* only with another token, and this program has but one */
        return 0;
    default:
        return 1;
    }
}

static void dial(struct client *client) {
    struct lws_client_connect_info info = {0};
    client->is_waiting = 0;
    client->close_code = 0;
    client->pause_ms = 0;
    client->length = 0;
    info.context = client->context;
    info.address = info.host = info.origin = client->host;
    info.port = client->port;
    info.path = "/ws";
    info.protocol = info.local_protocol_name = "waygate.v1";
    /* For wss: LCCSCF_USE_SSL */
    info.ssl_connection = 0;
    info.pwsi = &client->socket;
    lws_client_connect_via_info(&info);
}

static void redial(lws_sorted_usec_list_t *retry) {
    dial(lws_container_of(retry, struct client, retry));
}

static void ended(struct client *client, int code) {
    int limit;
    client->socket = NULL;
    if (client->is_over || client->is_waiting) return;
    printf("closed %d\n", code);
    if (!may_come_back(code)) {
        client->is_over = 1;
        return;
    }
    limit = 500 << (client->attempt < 6 ? client->attempt : 6);
    if (limit > LONGEST_PAUSE_MS) limit = LONGEST_PAUSE_MS;
    limit = rand() % limit;
    if (limit < client->pause_ms) limit = client->pause_ms;
    client->attempt++;
    client->is_waiting = 1;
    lws_sul_schedule(client->context, 0, &client->retry, redial, (lws_usec_t)limit * 1000);
}

static void take(struct client *client) {
    struct facts facts = read_facts(client->message, client->length);
    printf("%.*s\n", (int)client->length, client->message);
    if (strcmp(facts.method, "system.welcome") == 0) {
        client->attempt = 0;
        lws_callback_on_writable(client->socket);
    }
    if (facts.close_code != 0) client->close_code = facts.close_code;
    if (facts.pause_ms != 0) client->pause_ms = facts.pause_ms;
}

static int receive(struct client *client, struct lws *socket, const char *part, size_t length) {
    if (client->length + length > LONGEST_MESSAGE) return -1;
    memcpy(client->message + client->length, part, length);
    client->length += length;
    if (!lws_is_final_fragment(socket) || lws_remaining_packet_payload(socket) > 0) return 0;
    take(client);
    client->length = 0;
    return 0;
}

static int add_token(struct client *client, struct lws *socket, char **at, char *end) {
    char value[8192];
    int length = snprintf(value, sizeof value, "Bearer %s", client->token);
    if (length < 0 || (size_t)length >= sizeof value) return -1;
    return lws_add_http_header_by_token(socket, WSI_TOKEN_HTTP_AUTHORIZATION,
                                        (unsigned char *)value, length,
                                        (unsigned char **)at, (unsigned char *)end)
               ? -1
               : 0;
}

static int send_update(struct lws *socket) {
    unsigned char buffer[LWS_PRE + sizeof UPDATE];
    size_t length = sizeof UPDATE - 1;
    memcpy(buffer + LWS_PRE, UPDATE, length);
    return lws_write(socket, buffer + LWS_PRE, length, LWS_WRITE_TEXT) < (int)length ? -1 : 0;
}

static int on_event(struct lws *socket, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length) {
    struct client *client = lws_context_user(lws_get_context(socket));
    const unsigned char *bytes = in;
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        return add_token(client, socket, (char **)in, *(char **)in + length);
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return receive(client, socket, in, length);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return send_update(socket);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        if (length >= 2) client->close_code = bytes[0] << 8 | bytes[1];
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        /* The token went in a header: a refusal is an HTTP status, not a close code. */
        ended(client, in && strstr(in, "401") ? UNAUTHORIZED : BROKEN);
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        ended(client, client->close_code ? client->close_code : BROKEN);
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols PROTOCOLS[] = {
    {"waygate.v1", on_event, 0, 65536, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

int main(int count, char **arguments) {
    struct client client = {0};
    struct lws_context_creation_info info = {0};
    if (count != 4) {
        fprintf(stderr, "Usage: %s HOST PORT TOKEN\n", arguments[0]);
        return 2;
    }
    client.host = arguments[1];
    client.port = atoi(arguments[2]);
    client.token = arguments[3];
    client.message = malloc(LONGEST_MESSAGE);
    setvbuf(stdout, NULL, _IOLBF, 0);
    srand((unsigned)lws_now_usecs());
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    lws_set_log_level(LLL_ERR, NULL);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = PROTOCOLS;
    info.user = &client;
    client.context = lws_create_context(&info);
    if (client.context == NULL || client.message == NULL) return 2;
    dial(&client);
    while (!interrupted && !client.is_over && lws_service(client.context, 0) >= 0) continue;
    /* What is destroyed now must not come back. */
    client.is_over = 1;
    lws_sul_cancel(&client.retry);
    lws_context_destroy(client.context);
    free(client.message);
    return 0;
}
