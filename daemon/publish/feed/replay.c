/* A session's turn: at most SESSION_CHUNK messages, then the others', then the loop's. A peer that does not read fills
 * its high-water mark; its session waits and is tried again every 10 ms; a peer that is gone ends its session. */
#include "publish/feed/replay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool send_to(const struct session *s, const struct frame *parts, size_t count)
{
    struct frame frames[6] = {{s->identity, s->identity_size}, {"", 0}};
    size_t n = s->delimiter ? 2 : 1;
    for (size_t i = 0; i < count; i++)
        frames[n++] = parts[i];
    return feed_socket_send(s->socket, frames, n);
}

static bool send_json(const struct session *s, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (!text)
        return true; /* out of memory: nothing better to do than end */
    struct frame frame = {text, strlen(text)};
    bool sent = send_to(s, &frame, 1) || errno != EAGAIN;
    free(text);
    return sent;
}

static void end_session(struct replay *replay, struct session *s)
{
    free(s->snapshot);
    *s = (struct session){0};
    replay->active--;
}

/* ---- a turn ---- */

struct turn {
    const struct replay *replay;
    struct session *session;
    bool blocked, gone;
};

/* parts NULL: not for this user, who goes on behind it. */
static bool hand_over(struct turn *turn, const struct frame *parts, uint64_t seq)
{
    struct session *s = turn->session;
    if (parts && !send_to(s, parts, 3)) {
        turn->blocked = errno == EAGAIN;
        turn->gone = !turn->blocked;
        return false;
    }
    s->after = seq;
    if (s->left > 0)
        s->left--;
    return true;
}

static bool send_entry(void *owner, const struct journal_entry *entry)
{
    struct turn *turn = owner;
    const struct session *s = turn->session;
    const struct frame parts[3] = {{entry->topic, strlen(entry->topic)},
                                   {entry->body, entry->length},
                                   {entry->signature, entry->signature_length}};
    bool may = !s->user[0] || curve_may(turn->replay->access, s->user, entry->topic);
    return hand_over(turn, may ? parts : NULL, entry->seq);
}

/* Of a body that retention took away: {"removed":kind,"seq":N,"stream":S,"hash":H}, as cemsctl export writes it. */
static bool send_left(struct turn *turn, const struct journal_entry *entry, const char *kind)
{
    char topic[32], body[192], hash[CHAIN_HEX];
    int topic_length = snprintf(topic, sizeof topic, "removed/%s", stream_name(entry->stream));
    int length = snprintf(body, sizeof body, "{\"removed\":\"%.16s\",\"seq\":%llu,\"stream\":\"%s\",\"hash\":\"%s\"}",
                          kind, (unsigned long long)entry->seq, stream_name(entry->stream),
                          hex_encode(entry->hash, CHAIN_BYTES, hash));
    const struct frame parts[3] = {{topic, (size_t)topic_length}, {body, (size_t)length}, {"", 0}};
    return hand_over(turn, parts, entry->seq);
}

static bool send_any(void *owner, const struct journal_entry *entry, const char *kind)
{
    struct turn *turn = owner;
    if (entry->seq > turn->session->upto)
        return false;
    return entry->topic ? send_entry(owner, entry) : send_left(turn, entry, kind);
}

static void send_end(struct replay *replay, struct session *s, bool more)
{
    json_t *end = s->snapshot
                      ? json_pack("{s:s, s:{s:I, s:I}, s:b}", "op", "end", "seq", "alarm", (json_int_t)s->heads[0],
                                  "disclosure", (json_int_t)s->heads[1], "more", 0)
                      : json_pack("{s:s, s:I, s:b}", "op", "end", "last", (json_int_t)s->after, "more", more ? 1 : 0);
    if (send_json(s, end))
        end_session(replay, s);
}

static void turn_snapshot(struct replay *replay, struct session *s, struct turn *turn)
{
    for (int n = 0; n < SESSION_CHUNK && s->snapshot_at < s->snapshot_count && !turn->blocked && !turn->gone; n++) {
        const struct message_key *key = &s->snapshot[s->snapshot_at];
        reader_messages(replay->reader, key->stream, key->seq - 1, key->seq, 1, "", send_entry, turn, NULL, NULL);
        if (!turn->blocked)
            s->snapshot_at++;
    }
    if (turn->gone)
        end_session(replay, s);
    else if (s->snapshot_at == s->snapshot_count)
        send_end(replay, s, false);
}

static void turn_replay(struct replay *replay, struct session *s, struct turn *turn)
{
    bool more = false;
    size_t chunk = s->left < SESSION_CHUNK ? s->left : SESSION_CHUNK;
    struct error err;
    bool read = s->removed ? reader_entries(replay->reader, s->stream, s->after, chunk, send_any, turn, &err)
                           : reader_messages(replay->reader, s->stream, s->after, s->upto, chunk, s->prefix, send_entry,
                                             turn, &more, &err);
    more = s->removed ? s->after < s->upto : more;
    if (!read) {
        send_json(s, json_pack("{s:s, s:s}", "op", "error", "reason", err.text));
        end_session(replay, s);
    } else if (turn->gone) {
        end_session(replay, s);
    } else if (!turn->blocked && (!more || s->left == 0)) {
        if (!more)
            s->after = s->upto > s->after ? s->upto : s->after; /* all that matches up to here has been sent */
        send_end(replay, s, more);
    }
}

static void on_turn(uv_timer_t *timer)
{
    struct replay *replay = timer->data;
    bool all_blocked = true;
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *s = &replay->sessions[i];
        struct turn turn = {.replay = replay, .session = s};
        if (!s->active)
            continue;
        if (s->snapshot)
            turn_snapshot(replay, s, &turn);
        else
            turn_replay(replay, s, &turn);
        all_blocked = all_blocked && turn.blocked;
    }
    if (replay->active > 0)
        uv_timer_start(timer, on_turn, all_blocked ? 10 : 0, 0);
}

/* ---- requests ---- */

static bool refuse(struct replay *replay, const struct session *to, const char *reason)
{
    replay->refused++;
    send_json(to, json_pack("{s:s, s:s}", "op", "error", "reason", reason));
    return false;
}

/* An optional whole number member; false when it is there and is not one within bounds. */
static bool get_number(const json_t *request, const char *name, json_int_t low, json_int_t high, json_int_t otherwise,
                       json_int_t *out)
{
    json_t *value = json_object_get(request, name);
    *out = value ? json_integer_value(value) : otherwise;
    return !value || (json_is_integer(value) && *out >= low && *out <= high);
}

static bool begin_replay(struct replay *replay, struct session *s, const json_t *request)
{
    const char *stream = json_string_value(json_object_get(request, "stream"));
    json_t *topic = json_object_get(request, "topic");
    json_int_t after, max;
    if (!stream || !stream_parse(stream, &s->stream) || s->stream > STREAM_DISCLOSURE)
        return refuse(replay, s, "stream must be \"alarm\" or \"disclosure\"");
    if (!get_number(request, "after", 0, INT64_MAX, 0, &after))
        return refuse(replay, s, "after must be a seq, 0 or above");
    if (!get_number(request, "max", 1, REPLAY_MAX, REPLAY_DEFAULT, &max))
        return refuse(replay, s, "max must be 1 to 100000");
    if (topic && (!json_is_string(topic) || json_string_length(topic) >= sizeof s->prefix))
        return refuse(replay, s, "topic must be a prefix of at most 191 bytes");
    if (topic)
        memcpy(s->prefix, json_string_value(topic), json_string_length(topic) + 1);
    json_t *removed = json_object_get(request, "removed");
    if (removed && (!json_is_boolean(removed) ||
                    (json_is_true(removed) && (topic || (s->user[0] && !curve_unrestricted(replay->access, s->user))))))
        return refuse(replay, s, "removed is true or false, and true for whole streams only");
    s->removed = json_is_true(removed);
    s->after = (uint64_t)after;
    s->left = (size_t)max;
    s->upto = replay->head(replay->owner, s->stream);
    return true;
}

static bool remember(void *owner, const struct journal_entry *entry)
{
    struct session *s = owner;
    if (s->snapshot_count == SNAPSHOT_MAX)
        return false;
    if ((s->snapshot_count & (s->snapshot_count - 1)) == 0) { /* grows at powers of two */
        size_t room = s->snapshot_count ? 2 * s->snapshot_count : 1;
        struct message_key *more = realloc(s->snapshot, room * sizeof *more);
        if (!more)
            return false;
        s->snapshot = more;
    }
    s->snapshot[s->snapshot_count++] = (struct message_key){entry->stream, entry->seq};
    return true;
}

static bool begin_snapshot(struct replay *replay, struct session *s)
{
    s->heads[0] = replay->head(replay->owner, STREAM_ALARM);
    s->heads[1] = replay->head(replay->owner, STREAM_DISCLOSURE);
    s->snapshot = malloc(sizeof *s->snapshot);
    if (!s->snapshot || !reader_snapshot(replay->reader, remember, s, NULL)) {
        free(s->snapshot);
        s->snapshot = NULL;
        return refuse(replay, s, "the journal can't be read now");
    }
    return true;
}

static bool answer_status(struct replay *replay, const struct session *s)
{
    if (s->user[0] && !curve_unrestricted(replay->access, s->user))
        return refuse(replay, s, "status is not among the topics of this key");
    char *text = replay->status ? replay->status(replay->status_owner) : NULL;
    if (!text)
        return refuse(replay, s, "status is not available");
    struct frame frame = {text, strlen(text)};
    send_to(s, &frame, 1);
    free(text);
    return false; /* no session: it is answered */
}

static bool acknowledge(struct replay *replay, const struct session *s, const json_t *request)
{
    const char *id = json_string_value(json_object_get(request, "id"));
    const char *by = json_string_value(json_object_get(request, "by"));
    const char *note = json_string_value(json_object_get(request, "note"));
    if (s->socket != replay->control)
        return refuse(replay, s, "ack is taken at the operator's door (control) only");
    if (!id || !by || !by[0] || strlen(by) >= NAME_BYTES || !note || strlen(note) >= TEXT_BYTES)
        return refuse(replay, s, "ack needs id, by (at most 63 bytes) and note (at most 191)");
    const char *why = replay->acknowledge ? replay->acknowledge(replay->status_owner, id, by, note) : "not available";
    if (why)
        return refuse(replay, s, why);
    send_json(s, json_pack("{s:s, s:s, s:s}", "op", "ack", "id", id, "state", "acknowledged"));
    return false;
}

/* Whether the request begins a session. */
static bool understand(struct replay *replay, struct session *s, const struct frame *text)
{
    json_error_t why;
    char reason[200];
    bool begun = false;
    json_t *request = json_loadb(text->data, text->size, JSON_REJECT_DUPLICATES, &why);
    const char *op = json_string_value(json_object_get(request, "op"));
    if (!request || !op) {
        snprintf(reason, sizeof reason, "not a request: %s", request ? "op is missing" : why.text);
        begun = refuse(replay, s, reason);
    } else if (strcmp(op, "status") == 0) {
        begun = answer_status(replay, s);
    } else if (strcmp(op, "ack") == 0) {
        begun = acknowledge(replay, s, request);
    } else if (replay->active == SESSIONS_MAX) {
        begun = refuse(replay, s, "too many requests at once, try again");
    } else if (strcmp(op, "replay") == 0) {
        begun = begin_replay(replay, s, request);
    } else if (strcmp(op, "snapshot") == 0) {
        begun = begin_snapshot(replay, s);
    } else {
        begun = refuse(replay, s, "op must be \"replay\", \"snapshot\", \"status\" or \"ack\"");
    }
    json_decref(request);
    return begun;
}

void replay_request(struct replay *replay, struct feed_socket *socket, const struct frame *frames, size_t count)
{
    struct session s = {.active = true, .socket = socket};
    bool delimiter = count == 3 && frames[1].size == 0;
    replay->requests++;
    if ((count != 2 && !delimiter) || frames[0].size > sizeof s.identity) {
        replay->refused++;
        return;
    }
    memcpy(s.identity, frames[0].data, frames[0].size);
    s.identity_size = frames[0].size;
    s.delimiter = delimiter;
    if (socket->user)
        snprintf(s.user, sizeof s.user, "%s", socket->user);
    if (!understand(replay, &s, &frames[count - 1]))
        return;
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (!replay->sessions[i].active) {
            replay->sessions[i] = s;
            break;
        }
    }
    replay->active++;
    uv_timer_start(&replay->timer, on_turn, 0, 0);
}

bool replay_open(struct replay *replay, const char *journal_path, uv_loop_t *loop, struct error *err)
{
    replay->reader = reader_open(journal_path, err);
    if (!replay->reader)
        return false;
    uv_timer_init(loop, &replay->timer);
    replay->timer.data = replay;
    replay->open = true;
    return true;
}

void replay_clear(struct replay *replay)
{
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        free(replay->sessions[i].snapshot);
    reader_close(replay->reader);
}
