/* cemsctl export [--stream S] [--from SEQ] [--to SEQ] [--out FILE]: published messages as {"topic","body","signature"},
 * a line each, and the checkpoints that stand for them as {"checkpoint","signature"}; for a USB stick. With it and the
 * public key alone `cemsctl verify --messages FILE --key FILE` says from where to where it is complete and unaltered.
 *
 * cemsctl backup FILE: a copy of the whole journal, consistent, made while the daemon goes on writing. */
#include "ctl/checkpoints.h"
#include "ctl/terminal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct export
{
    FILE *out;
    uint64_t to, count, removed;
    struct work progress;
    bool failed;
};

static void write_line(struct export *x, json_t *line)
{
    x->failed |= !line || json_dumpf(line, x->out, JSON_COMPACT) != 0 || fputc('\n', x->out) == EOF;
    json_decref(line);
}

static json_t *signature_json(const uint8_t *signature, size_t length)
{
    char hex[2 * SIGNATURE_BYTES + 1];
    return json_string(hex_encode(signature, length, hex));
}

static bool export_entry(void *owner, const struct journal_entry *e, const char *kind)
{
    struct export *x = owner;
    char hex[CHAIN_HEX];
    if (e->seq > x->to)
        return false;
    x->removed += e->length == 0;
    if (e->length == 0) /* its chain value still links those around it */
        write_line(x, json_pack("{s:s, s:I, s:s, s:s}", "removed", kind, "seq", (json_int_t)e->seq, "stream",
                                stream_name(e->stream), "hash", hex_encode(e->hash, CHAIN_BYTES, hex)));
    else
        write_line(x, json_pack("{s:s, s:s%, s:o}", "topic", e->topic ? e->topic : "", "body", e->body, e->length,
                                "signature", signature_json(e->signature, e->signature_length)));
    x->count++;
    work_at(&x->progress, x->count);
    return !x->failed;
}

static bool export_checkpoint(void *owner, const struct stored_checkpoint *c)
{
    struct export *x = owner;
    write_line(
        x, json_pack("{s:s%, s:o}", "checkpoint", c->body, c->length, "signature",
                     signature_json(c->signature, c->signature_length <= SIGNATURE_BYTES ? c->signature_length : 0)));
    return !x->failed;
}

/* Which keys came and went: who trusts the first can follow. */
static bool export_key(void *owner, const struct journal_entry *e, const char *kind)
{
    struct export *x = owner;
    if (strncmp(kind, "key", 3) == 0)
        write_line(x, json_pack("{s:s%, s:I}", "key_event", e->body, e->length, "time_ms", (json_int_t)e->time_ms));
    return !x->failed;
}

static bool export_all(struct ctl *ctl, struct reader *reader, struct export *x, uint64_t from, struct error *err)
{
    uint64_t total = 0;
    for (int s = STREAM_ALARM; s <= STREAM_DISCLOSURE; s++) {
        uint64_t last = reader_last_seq(reader, (enum stream)s), upto = last < x->to ? last : x->to;
        if ((!ctl->stream || strcmp(ctl->stream, stream_name((enum stream)s)) == 0) && upto >= from)
            total += upto - (from > 0 ? from - 1 : 0);
    }
    x->progress = work_begin("export", total);
    bool ok = reader_entries(reader, STREAM_EVENT, 0, SIZE_MAX, export_key, x, err);
    for (int s = STREAM_ALARM; s <= STREAM_DISCLOSURE && ok; s++)
        if (!ctl->stream || strcmp(ctl->stream, stream_name((enum stream)s)) == 0)
            ok = reader_entries(reader, (enum stream)s, from > 0 ? from - 1 : 0, SIZE_MAX, export_entry, x, err);
    return ok && reader_checkpoints(reader, export_checkpoint, x, err);
}

int ctl_export(struct ctl *ctl)
{
    struct export x = {.out = stdout};
    struct error err;
    uint64_t from;
    int code = CTL_DONE;
    if (!ctl_seq("--from", ctl->from, 0, &from) || !ctl_seq("--to", ctl->to, UINT64_MAX, &x.to))
        return CTL_USAGE;
    if (ctl->stream && strcmp(ctl->stream, "alarm") != 0 && strcmp(ctl->stream, "disclosure") != 0)
        return ctl_fail(CTL_USAGE, "--stream %s is not alarm or disclosure: only those are published", ctl->stream);
    struct reader *reader = ctl_reader(ctl, &code);
    if (!reader)
        return code;
    if (ctl->out && !(x.out = fopen(ctl->out, "we")))
        code = ctl_fail(CTL_FAILED, "create %s: %s", ctl->out, strerror(errno));
    if (code == CTL_DONE && !export_all(ctl, reader, &x, from, &err))
        code = ctl_fail(CTL_FAILED, "%s", err.text);
    work_end(&x.progress);
    if (ctl->out && x.out && (fflush(x.out) != 0 || fsync(fileno(x.out)) != 0 || fclose(x.out) != 0))
        x.failed = true;
    reader_close(reader);
    if (x.failed)
        return ctl_fail(CTL_FAILED, "write %s: %s", ctl->out ? ctl->out : "standard output", strerror(errno));
    if (code == CTL_DONE)
        fprintf(stderr, "%" PRIu64 " messages exported%s\n", x.count - x.removed,
                x.removed ? ", others were taken away by retention" : "");
    return code;
}

int ctl_backup(struct ctl *ctl)
{
    struct error err;
    const char *path = ctl_journal_path(ctl);
    if (ctl->argc != 1)
        return ctl_fail(CTL_USAGE, "backup FILE");
    if (!path)
        return CTL_CONFIG;
    if (!reader_backup(path, ctl->argv[0], &err))
        return ctl_fail(CTL_FAILED, "%s", err.text);
    printf("%s: a copy of %s; cemsctl --journal %s verify\n", ctl->argv[0], path, ctl->argv[0]);
    return CTL_DONE;
}
