#include "ctl/raw.h"

#include "ctl/terminal.h"

#include "config/csv.h"
#include "journal/reader.h"
#include "model/instant.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Where rows of an hour begin in the file. */
struct hour_at {
    int64_t hour_ms;
    off_t offset;
    int64_t newest_ms; /* of the rows before it */
};

/* One way through the rows of a file. */
struct rows {
    FILE *in;
    char *line;
    size_t room, number;
    off_t offset, next; /* of the row last read and of the one after it */
    int64_t newest_ms;
    uint32_t hint;
    char time[INSTANT_TEXT]; /* of the row before, as written and as read */
    int64_t time_ms;
};

struct raw {
    struct ctl *ctl;
    const struct plant *plant;
    struct rows forward, back;
    struct hour_at *hours;
    size_t hour_count, hour_room;
    struct reader *reader, *reader_back;
    uint64_t seq, mark_seq; /* journal: block and place of the sample handed over, and the mark */
    uint32_t place, mark_place;
    off_t mark;
    struct work progress;
};

static bool find_channel(const struct raw *raw, const char *outlet, const char *factor, uint32_t *hint, uint32_t *index)
{
    const struct channel *channel = plant_find(raw->plant, outlet, factor, hint);
    if (channel)
        *index = channel->index;
    return channel != NULL;
}

/* ---- CSV ---- */

enum { TIME, OUTLET, FACTOR, VALUE, MARK, FIELDS };

/* Cuts a row without quotes where it stands: the usual one. False when it is another. */
static bool cut_plain(char *line, size_t length, const char *field[FIELDS])
{
    char *at = line, *end = line + length;
    if (memchr(line, '"', length) || line[0] == '#')
        return false;
    while (end > line && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    *end = '\0';
    for (int i = 0; i < FIELDS; i++) {
        char *comma = i + 1 < FIELDS ? memchr(at, ',', (size_t)(end - at)) : end;
        if (!comma)
            return false;
        *comma = '\0';
        field[i] = at;
        at = comma + 1;
    }
    return end > line && !strchr(field[MARK], ',');
}

/* A decimal of at most 15 digits is an integer over a power of ten that are both exact in a double, so that their
 * quotient is what strtod gives; all else is left to strtod. */
static bool read_number(const char *text, double *value)
{
    static const double POWER[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *at = text + (*text == '-');
    int64_t digits = 0;
    int count = 0, fraction = 0;
    bool point = false;
    for (; (*at >= '0' && *at <= '9') || (*at == '.' && !point); at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        digits = digits * 10 + (*at - '0');
        fraction += point;
        if (++count > 15)
            break;
    }
    if (*at != '\0' || count == 0) {
        char *end = NULL;
        *value = strtod(text, &end);
        return *end == '\0';
    }
    *value = (double)digits / POWER[fraction];
    *value = *text == '-' ? -*value : *value;
    return true;
}

static const char *read_fields(const struct raw *raw, struct rows *rows, const char *field[FIELDS], struct sample *s)
{
    if (strcmp(field[TIME], rows->time) == 0) { /* rows of one instant come together */
        s->time_ms = rows->time_ms;
    } else {
        if (!instant_parse(field[TIME], &s->time_ms))
            return "the time is neither ISO 8601 nor epoch milliseconds";
        snprintf(rows->time, sizeof rows->time, "%s", field[TIME]);
        rows->time_ms = s->time_ms;
    }
    if (!find_channel(raw, field[OUTLET], field[FACTOR], &rows->hint, &s->channel))
        return "the configuration has no such outlet and factor";
    if (!mark_parse(field[MARK], &s->mark))
        return "unknown mark";
    s->value = NAN;
    if (field[VALUE][0] && !read_number(field[VALUE], &s->value))
        return "the value is not a number";
    s->own_time = rows->newest_ms != INSTANT_NONE && s->time_ms < rows->newest_ms - COMPUTE_GRACE_MS;
    rows->newest_ms = s->time_ms > rows->newest_ms ? s->time_ms : rows->newest_ms;
    return NULL;
}

static const char *check_head(const char *field[FIELDS])
{
    static const char *const HEAD[FIELDS] = {"time", "outlet", "factor", "value", "mark"};
    for (int i = 0; i < FIELDS; i++)
        if (strcmp(field[i], HEAD[i]) != 0)
            return "the header must be time,outlet,factor,value,mark";
    return NULL;
}

/* The next row that is neither empty nor a comment: 1, 0 at the end, -1 when *problem is wrong with it. */
static int next_row(const struct raw *raw, struct rows *rows, struct sample *sample, const char **problem)
{
    ssize_t length;
    while ((length = getline(&rows->line, &rows->room, rows->in)) > 0) {
        struct csv csv;
        const char *field[FIELDS];
        rows->offset = rows->next;
        rows->next += length;
        rows->number++;
        if (!cut_plain(rows->line, (size_t)length, field)) {
            csv_init(&csv, rows->line, (size_t)length);
            if (!csv_next(&csv))
                continue;
            for (int i = 0; i < FIELDS; i++)
                field[i] = csv_field(&csv, (size_t)i);
            *problem = csv.malformed ? "not a row of CSV" : NULL;
        }
        if (!*problem && rows->offset == 0) {
            *problem = check_head(field);
            if (!*problem)
                continue;
        }
        *problem = *problem ? *problem : read_fields(raw, rows, field, sample);
        return *problem ? -1 : 1;
    }
    return 0;
}

static bool note_hour(struct raw *raw, const struct sample *sample, int64_t newest_ms)
{
    int64_t hour_ms = period_floor_ms(PERIOD_HOUR, sample->time_ms);
    if (raw->hour_count > 0 && hour_ms <= raw->hours[raw->hour_count - 1].hour_ms)
        return true;
    if (raw->hour_count == raw->hour_room) {
        size_t room = raw->hour_room ? 2 * raw->hour_room : 64;
        struct hour_at *more = realloc(raw->hours, room * sizeof *more);
        if (!more)
            return false;
        raw->hours = more;
        raw->hour_room = room;
    }
    raw->hours[raw->hour_count++] = (struct hour_at){hour_ms, raw->forward.offset, newest_ms};
    return true;
}

static int each_row(struct raw *raw, void (*each)(void *owner, const struct sample *sample, bool first), void *owner)
{
    struct sample sample;
    const char *problem = NULL;
    int64_t newest_ms = INSTANT_NONE;
    int got;
    while ((got = next_row(raw, &raw->forward, &sample, &problem)) > 0) {
        if (!note_hour(raw, &sample, newest_ms))
            return ctl_fail(CTL_FAILED, "out of memory");
        newest_ms = raw->forward.newest_ms;
        work_at(&raw->progress, (uint64_t)raw->forward.next);
        each(owner, &sample, false);
    }
    return got == 0 ? CTL_DONE : ctl_fail(CTL_FAILED, "%s:%zu: %s", raw->ctl->samples, raw->forward.number, problem);
}

static bool rows_again(struct raw *raw, const struct outlet *outlet, int64_t from_ms, int64_t to_ms, compute_give give,
                       void *with)
{
    struct sample sample;
    const char *problem = NULL;
    size_t at = 0;
    while (at + 1 < raw->hour_count && raw->hours[at + 1].hour_ms <= from_ms)
        at++;
    if (raw->hour_count == 0 || !raw->back.in || fseeko(raw->back.in, raw->hours[at].offset, SEEK_SET) != 0)
        return false;
    raw->back.next = raw->hours[at].offset;
    raw->back.newest_ms = raw->hours[at].newest_ms;
    while (raw->back.next < raw->mark && next_row(raw, &raw->back, &sample, &problem) > 0)
        if (raw->plant->outlet_of[sample.channel] == outlet && sample.time_ms >= from_ms && sample.time_ms < to_ms)
            give(with, &sample);
    return true;
}

/* ---- journal ---- */

struct walk {
    struct raw *raw;
    void (*each)(void *owner, const struct sample *sample, bool first);
    void *owner;
    const struct outlet *outlet;
    int64_t from_ms, to_ms;
    compute_give give;
    void *with;
    uint32_t hint;
};

static bool forward_stored(void *owner, const struct stored_sample *stored)
{
    struct walk *walk = owner;
    struct sample sample = stored->sample;
    walk->raw->seq = stored->seq;
    work_at(&walk->raw->progress, stored->seq);
    walk->raw->place = stored->place;
    if (find_channel(walk->raw, stored->outlet, stored->factor, &walk->hint, &sample.channel))
        walk->each(walk->owner, &sample, stored->first_of_group);
    return true;
}

static bool again_stored(void *owner, const struct stored_sample *stored)
{
    struct walk *walk = owner;
    const struct raw *raw = walk->raw;
    struct sample sample = stored->sample;
    if (stored->seq > raw->mark_seq || (stored->seq == raw->mark_seq && stored->place > raw->mark_place))
        return false;
    if (sample.time_ms >= walk->from_ms && sample.time_ms < walk->to_ms &&
        strcmp(stored->outlet, walk->outlet->id) == 0 &&
        find_channel(raw, stored->outlet, stored->factor, &walk->hint, &sample.channel))
        walk->give(walk->with, &sample);
    return true;
}

/* ---- either ---- */

int raw_each(struct raw *raw, void (*each)(void *owner, const struct sample *sample, bool first_of_group), void *owner)
{
    struct walk walk = {.raw = raw, .each = each, .owner = owner};
    struct error err;
    struct stat file;
    bool rows = raw->ctl->samples != NULL;
    uint64_t total = !rows                                 ? reader_last_seq(raw->reader, STREAM_SAMPLE)
                     : stat(raw->ctl->samples, &file) == 0 ? (uint64_t)file.st_size
                                                           : 0;
    int code = CTL_DONE;
    raw->progress = work_begin("recompute", total);
    if (rows)
        code = each_row(raw, each, owner);
    else if (!reader_samples(raw->reader, INSTANT_NONE, forward_stored, &walk, &err))
        code = ctl_fail(CTL_FAILED, "%s", err.text);
    work_end(&raw->progress);
    return code;
}

void raw_mark(struct raw *raw)
{
    raw->mark = raw->forward.next;
    raw->mark_seq = raw->seq;
    raw->mark_place = raw->place;
}

bool raw_again(struct raw *raw, const struct outlet *outlet, int64_t from_ms, int64_t to_ms, compute_give give,
               void *with)
{
    struct walk walk = {.raw = raw, .outlet = outlet, .from_ms = from_ms, .to_ms = to_ms, .give = give, .with = with};
    struct error err;
    if (raw->ctl->samples)
        return rows_again(raw, outlet, from_ms, to_ms, give, with);
    return reader_samples(raw->reader_back, from_ms, again_stored, &walk, &err);
}

static bool open_rows(struct raw *raw, int *code)
{
    const char *path = raw->ctl->samples;
    raw->forward.newest_ms = INSTANT_NONE;
    if (!(raw->forward.in = fopen(path, "re"))) {
        *code = ctl_fail(CTL_FAILED, "open %s: %s", path, strerror(errno));
        return false;
    }
    if (fseeko(raw->forward.in, 0, SEEK_SET) == 0) /* a pipe is read once: what comes late is only counted */
        raw->back.in = fopen(path, "re");
    return true;
}

struct raw *raw_open(struct ctl *ctl, const struct plant *plant, int *code)
{
    struct raw *raw = calloc(1, sizeof *raw);
    if (!raw) {
        *code = ctl_fail(CTL_FAILED, "out of memory");
        return NULL;
    }
    raw->ctl = ctl;
    raw->plant = plant;
    bool ok = ctl->samples ? open_rows(raw, code)
                           : (raw->reader = ctl_reader(ctl, code)) && (raw->reader_back = ctl_reader(ctl, code));
    if (!ok) {
        raw_close(raw);
        return NULL;
    }
    return raw;
}

void raw_close(struct raw *raw)
{
    if (!raw)
        return;
    if (raw->forward.in)
        fclose(raw->forward.in);
    if (raw->back.in)
        fclose(raw->back.in);
    free(raw->forward.line);
    free(raw->back.line);
    free(raw->hours);
    reader_close(raw->reader);
    reader_close(raw->reader_back);
    free(raw);
}
