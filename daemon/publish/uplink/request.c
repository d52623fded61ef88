/* A request of the platform, from its header to its outcome:
 *
 *   PW 3 · MN 4 · ST 5 · Flag 6 · QN 7 · CN 8 · policy 2 ─► 9011 QnRtn=1 ─► form wrong? 9012 ExeRtn=3
 *                                                                     └─► act ─► [answer] ─► 9012 ExeRtn
 *
 * The same QN again is answered again and not done again. Every request and its outcome is an entry of the journal,
 * with who asked; a new password or key is not written there. */
#include "publish/uplink/act.h"

#include "hj212/encode.h"
#include "model/clock.h"
#include "model/instant.h"
#include "model/log.h"
#include "publish/value.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define HOOK_NS (10 * SECOND_NS)
#define INSTRUCTION_NS (60 * SECOND_NS)
/* ---- answering ---- */

static struct hj212_segment segment_of(const struct asked *a)
{
    return (struct hj212_segment){.qn = {a->qn, strlen(a->qn)},
                                  .st = {a->st, strlen(a->st)},
                                  .pw = {a->pw, strlen(a->pw)},
                                  .mn = {a->mn, strlen(a->mn)},
                                  .flags = a->flags,
                                  .version = a->version};
}

static void answer(struct platform *p, int cn, const struct asked *asked, const char *items)
{
    char frame[HJ212_FRAME_MAX];
    struct hj212_segment to = segment_of(asked);
    size_t length = hj212_answer(cn, &to, items, frame, sizeof frame);
    if (length > 0)
        wire_write(p, frame, length);
}

void request_answer_data(struct platform *p, const struct asked *asked, const char *area)
{
    char frame[HJ212_SEALED_MAX];
    struct hj212_segment to = segment_of(asked);
    struct hj212_fields fields = {.version = asked->version,
                                  .qn = to.qn,
                                  .st = {p->uplink->st, strlen(p->uplink->st)},
                                  .pw = to.pw,
                                  .mn = to.mn,
                                  .cn = asked->cn};
    struct hj212_seal seal = {asked->cn == 3020 ? p->key : NULL, p->uplink->encrypt.length == 1};
    size_t length = hj212_write(&fields, (struct slice){area, strlen(area)}, &seal, frame, sizeof frame);
    if (length > 0)
        wire_write(p, frame, length);
}

/* ---- remembering and journalling ---- */

static struct remembered *remember(struct platform *p, const char *qn, bool make)
{
    for (size_t i = 0; i < QNS_KEPT; i++)
        if (strcmp(p->remembered[i].qn, qn) == 0)
            return &p->remembered[i];
    if (!make)
        return NULL;
    struct remembered *r = &p->remembered[p->remembered_at++ % QNS_KEPT];
    memcpy(r->qn, qn, sizeof r->qn);
    r->exe_rtn = 0;
    return r;
}

static void journal_command(struct platform *p, const struct asked *a, struct slice area, const char *step, int rtn)
{
    const struct hj212_command *command = hj212_command_find(a->cn);
    char time[INSTANT_TEXT];
    int64_t now_ms = clock_wall_ms();
    bool secret = command && command->policy == HJ212_POLICY_ACCESS && a->cn != 1002;
    json_t *o = json_object();
    json_object_set_new(o, "time", json_string(instant_format(now_ms, time)));
    json_object_set_new(o, "kind", json_string("command"));
    json_object_set_new(o, "uplink", json_string(p->uplink->name));
    json_object_set_new(o, "from", json_pack("{s:s, s:i}", "host", p->uplink->host, "port", p->uplink->port));
    json_object_set_new(o, "qn", value_text(a->qn, strlen(a->qn)));
    json_object_set_new(o, "cn", json_integer(a->cn));
    json_object_set_new(o, "name", command ? json_string(command->name) : json_null());
    if (area.at)
        json_object_set_new(o, "area", secret ? json_string("(secret)") : value_text(area.at, area.len));
    json_object_set_new(o, step, json_integer(rtn));
    char *body = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    if (body)
        journal_append(p->set->journal, STREAM_EVENT, now_ms, "command", body, strlen(body));
    free(body);
    journal_flush(p->set->journal);
}

void request_finish(struct platform *p, const struct asked *asked, int exe_rtn)
{
    char items[24];
    struct remembered *r = remember(p, asked->qn, false);
    if (r)
        r->exe_rtn = exe_rtn;
    snprintf(items, sizeof items, "ExeRtn=%d", exe_rtn);
    journal_command(p, asked, (struct slice){NULL, 0}, "exe_rtn", exe_rtn);
    answer(p, 9012, asked, items);
}

/* ---- what ends later ---- */

bool request_instructed(struct platform *p, uint64_t ticket, int exe_rtn)
{
    for (size_t i = 0; i < INSTRUCTIONS; i++) {
        struct instruction *instruction = &p->instructions[i];
        if (instruction->ticket != ticket || ticket == 0)
            continue;
        struct asked asked = instruction->asked;
        instruction->ticket = 0;
        request_finish(p, &asked, exe_rtn);
        return true;
    }
    return false;
}

/* A hook that hangs is ended; an instrument that does not come back (its line may be gone) is a time-out. */
void request_tick(struct platform *p, int64_t now_ns)
{
    for (size_t i = 0; i < INSTRUCTIONS; i++) {
        struct instruction *instruction = &p->instructions[i];
        int64_t age_ns = now_ns - instruction->begun_ns;
        if (instruction->ticket == 0 || age_ns < HOOK_NS)
            continue;
        if (instruction->hook)
            uv_process_kill(instruction->hook, SIGKILL); /* its end is reported by on_hook_exit */
        else if (age_ns > INSTRUCTION_NS)
            request_instructed(p, instruction->ticket, HJ212_EXE_TIMEOUT);
    }
}

void request_forget(struct platform *p)
{
    for (size_t i = 0; i < INSTRUCTIONS; i++)
        if (p->instructions[i].ticket != 0 && p->instructions[i].hook)
            p->instructions[i].hook->data = NULL;
}

/* ---- the way in ---- */

static bool good_qn(struct slice qn)
{
    int64_t ms;
    return qn.len == 17 && instant_parse_compact(qn.at, qn.len, &ms);
}

static bool allowed(const struct platform *p, const struct hj212_command *command)
{
    if (command->policy == HJ212_POLICY_ALWAYS)
        return true;
    if (command->cn == 1012 && p->uplink->clock_hook[0] == '\0')
        return false;
    return p->uplink->allowed >> command->policy & 1;
}

/* In the order of the header. */
static int qn_rtn(const struct platform *p, const struct hj212_segment *s, const struct hj212_command *command)
{
    if (!slice_is(s->pw, p->settings.password))
        return HJ212_QN_PW;
    if (!slice_is(s->mn, p->settings.mn))
        return HJ212_QN_MN;
    if (!slice_is(s->st, p->uplink->st))
        return HJ212_QN_ST;
    if (s->version == 0)
        return HJ212_QN_FLAG;
    if (!good_qn(s->qn))
        return HJ212_QN_QN;
    if (!command || !(command->asked & hj212_version_bit(s->version)) || !act_find(command->cn))
        return HJ212_QN_CN;
    return allowed(p, command) ? HJ212_QN_OK : HJ212_QN_REFUSED;
}

static void copy(char *out, size_t size, struct slice s)
{
    size_t n = s.len < size - 1 ? s.len : size - 1;
    for (size_t i = 0; i < n; i++) /* it goes back into a frame: nothing that ends a field */
        out[i] = s.at[i] > ' ' && s.at[i] < 0x7F && s.at[i] != '&' ? s.at[i] : '?';
    out[n] = '\0';
}

static struct asked asked_of(const struct hj212_segment *s)
{
    struct asked a = {.flags = s->flags, .version = s->version ? s->version : 2017, .cn = hj212_cn(s->cn)};
    copy(a.qn, sizeof a.qn, s->qn);
    copy(a.pw, sizeof a.pw, s->pw);
    copy(a.mn, sizeof a.mn, s->mn);
    copy(a.st, sizeof a.st, s->st);
    return a;
}

/* More requests than a platform has any use for are counted and left alone. */
static bool throttled(struct platform *p)
{
    int64_t now_ns = clock_monotonic_ns();
    p->request_tokens += (double)(now_ns - p->request_ns) / 1e9 * REQUESTS_PER_SECOND;
    p->request_ns = now_ns;
    if (p->request_tokens > REQUESTS_PER_SECOND)
        p->request_tokens = REQUESTS_PER_SECOND;
    if (p->request_tokens < 1) {
        p->counts.throttled++;
        return true;
    }
    p->request_tokens -= 1;
    return false;
}

static void hand_shake(struct platform *p, const struct asked *asked, int rtn)
{
    char items[24];
    snprintf(items, sizeof items, "QnRtn=%d", rtn);
    if (asked->flags & HJ212_FLAG_ACK)
        answer(p, 9011, asked, items);
}

static void again(struct platform *p, const struct asked *asked, const struct remembered *r)
{
    char items[24];
    hand_shake(p, asked, HJ212_QN_OK);
    snprintf(items, sizeof items, "ExeRtn=%d", r->exe_rtn);
    if (r->exe_rtn != 0)
        answer(p, 9012, asked, items);
}

static void carry_out(struct platform *p, const struct asked *asked, const struct hj212_command *command,
                      const struct hj212_segment *s)
{
    struct hj212_request request;
    const char *what;
    bool notice = command->exchange == HJ212_N;
    journal_command(p, asked, s->area, "qn_rtn", HJ212_QN_OK);
    if (notice)
        answer(p, 9013, asked, "");
    else
        hand_shake(p, asked, HJ212_QN_OK);
    int exe_rtn = HJ212_EXE_CONDITIONS;
    if (hj212_request_parse(command, s->area, &request, &what))
        exe_rtn = act_find(command->cn)(&(struct turn){p, asked, command, &request});
    if (exe_rtn != ACT_PENDING && exe_rtn != ACT_SILENT && !notice)
        request_finish(p, asked, exe_rtn);
}

void request_take(struct platform *p, const struct hj212_segment *s)
{
    struct asked asked = asked_of(s);
    const struct hj212_command *command = hj212_command_find(asked.cn);
    if (throttled(p))
        return;
    p->counts.requests++;
    int rtn = qn_rtn(p, s, command);
    if (rtn != HJ212_QN_OK) {
        p->counts.refused[rtn < 16 ? rtn : 0]++;
        journal_command(p, &asked, s->area, "qn_rtn", rtn);
        hand_shake(p, &asked, rtn);
        return;
    }
    const struct remembered *known = remember(p, asked.qn, false);
    if (known) {
        again(p, &asked, known);
        return;
    }
    remember(p, asked.qn, true);
    carry_out(p, &asked, command, s);
}
