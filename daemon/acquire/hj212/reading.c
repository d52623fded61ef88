/* Sources are sorted by MN, those for any MN first: a frame looks at two runs, however many devices a line has. */
#include "acquire/hj212/reading.h"

#include "model/instant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OWN_AGE_MS (INT64_C(48) * 3600 * 1000) /* a sample older than this is taken for a wrong clock */
#define AHEAD_MS (INT64_C(5) * 60 * 1000)      /* an analyzer's clock may be this much fast */

enum { EFLAG_BYTES = 5 };

struct entry {
    const struct item_source *source;
    size_t item; /* index of the source, as given */
    int64_t sampled_ms;
    char eflag[EFLAG_BYTES];
    bool eflag_changed;

    bool has_value; /* of the frame being read */
    double value;
    enum mark mark;
    int64_t time_ms;
};

struct item_index {
    struct entry *entries;
    size_t *by_item;
    size_t count, any; /* entries 0..any-1 are for any MN */
    size_t widest;
};

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->source->mn, y->source->mn);
    return order != 0 ? order : x->item < y->item ? -1 : 1;
}

static void find_widest(struct item_index *index)
{
    size_t run = 0;
    index->widest = index->any;
    for (size_t i = index->any; i < index->count; i++) {
        bool same = run > 0 && strcmp(index->entries[i].source->mn, index->entries[i - 1].source->mn) == 0;
        run = same ? run + 1 : 1;
        index->widest = index->any + run > index->widest ? index->any + run : index->widest;
    }
}

struct item_index *item_index_new(const struct item_source *items, size_t count)
{
    struct item_index *index = calloc(1, sizeof *index);
    if (!index || !(index->entries = calloc(count + 1, sizeof *index->entries)) ||
        !(index->by_item = calloc(count + 1, sizeof *index->by_item))) {
        item_index_free(index);
        return NULL;
    }
    index->count = count;
    for (size_t i = 0; i < count; i++) {
        index->entries[i] = (struct entry){.source = &items[i], .item = i, .sampled_ms = INSTANT_NONE};
        index->any += items[i].mn[0] == '\0';
    }
    qsort(index->entries, count, sizeof *index->entries, compare);
    for (size_t i = 0; i < count; i++)
        index->by_item[index->entries[i].item] = i;
    find_widest(index);
    return index;
}

void item_index_free(struct item_index *index)
{
    if (!index)
        return;
    free(index->entries);
    free(index->by_item);
    free(index);
}

size_t item_index_widest(const struct item_index *index)
{
    return index->widest;
}

static int compare_mn(const struct entry *entry, struct slice mn)
{
    size_t length = strlen(entry->source->mn), shorter = length < mn.len ? length : mn.len;
    int order = mn.at ? memcmp(entry->source->mn, mn.at, shorter) : 0;
    return order != 0 ? order : length < mn.len ? -1 : length > mn.len;
}

/* First entry that is not before the MN. */
static size_t run_of(const struct item_index *index, struct slice mn)
{
    size_t low = index->any, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_mn(&index->entries[middle], mn) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool item_index_knows(const struct item_index *index, struct slice mn)
{
    size_t at = run_of(index, mn);
    return index->any > 0 || (at < index->count && compare_mn(&index->entries[at], mn) == 0);
}

/* The whole text as a decimal number; NAN for anything else. */
static double number_of(struct slice s)
{
    char text[40], *end;
    if (!s.at || s.len == 0 || s.len >= sizeof text)
        return NAN;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    if (text[strspn(text, "+-.0123456789eE")] != '\0')
        return NAN;
    double value = strtod(text, &end);
    return *end == '\0' && isfinite(value) ? value : NAN;
}

static enum mark mark_of(struct slice s, struct item_counts *counts)
{
    char text[8] = "";
    enum mark mark = MARK_D;
    if (s.len < sizeof text) {
        memcpy(text, s.at, s.len);
        text[s.len] = '\0';
    }
    if (text[0] != '\0' && mark_parse(text, &mark))
        return mark;
    counts->unknown_marks++;
    return MARK_D;
}

static bool plausible(int64_t at_ms, int64_t now_ms)
{
    return at_ms <= now_ms + AHEAD_MS && at_ms >= now_ms - OWN_AGE_MS;
}

static void keep_eflag(struct entry *e, struct slice value)
{
    size_t n = value.len < EFLAG_BYTES - 1 ? value.len : EFLAG_BYTES - 1;
    if (!value.at || (strlen(e->eflag) == n && memcmp(e->eflag, value.at, n) == 0))
        return;
    memcpy(e->eflag, value.at, n);
    e->eflag[n] = '\0';
    e->eflag_changed = true;
}

/* True when the item is the entry's. */
static bool give(struct entry *e, const struct hj212_item *item, struct slice pol_id, int64_t now_ms,
                 struct item_counts *counts)
{
    const struct item_source *source = e->source;
    if (!slice_is(item->code, source->code) && !(source->code_2005[0] && slice_is(item->code, source->code_2005)))
        return false;
    if (slice_is(item->field, source->field)) {
        if (pol_id.at && source->pol_id[0] && !slice_is(pol_id, source->pol_id) &&
            !(source->pol_id_2005[0] && slice_is(pol_id, source->pol_id_2005)))
            return true; /* the same information of another instrument */
        e->value = number_of(item->value);
        e->has_value = true;
        counts->bad_values += isfinite(e->value) ? 0 : 1;
    } else if (slice_is(item->field, "Flag")) {
        e->mark = mark_of(item->value, counts);
    } else if (slice_is(item->field, "EFlag")) {
        keep_eflag(e, item->value);
    } else if (slice_is(item->field, "SampleTime")) {
        int64_t at_ms;
        if (instant_parse_compact(item->value.at, item->value.len, &at_ms) && plausible(at_ms, now_ms))
            e->time_ms = at_ms;
        else
            counts->bad_times++;
    }
    return true;
}

/* Values of the run [from, to) into out. Those of now come first, so that they stay one group. */
static size_t collect(struct item_index *index, size_t from, size_t to, bool batch, int64_t now_ms,
                      struct acquired *out, size_t room, struct item_counts *counts)
{
    size_t n = 0;
    for (size_t i = from; i < to && n < room; i++) {
        struct entry *e = &index->entries[i];
        if (!e->has_value || (e->time_ms != INSTANT_NONE) != batch)
            continue;
        if (batch && e->time_ms == e->sampled_ms) {
            counts->repeated++;
            continue;
        }
        if (batch)
            e->sampled_ms = e->time_ms;
        counts->values++;
        out[n++] = (struct acquired){.time_ms = batch ? e->time_ms : now_ms,
                                     .point = (uint32_t)e->item,
                                     .mark = e->mark != MARK_N    ? e->mark
                                             : isfinite(e->value) ? MARK_N
                                                                  : MARK_D,
                                     .raw = e->value,
                                     .own_time = batch};
    }
    return n;
}

/* Values of a period that were had before. */
static void drop_repeated(struct item_index *index, size_t from, size_t to, int64_t data_ms, struct item_counts *counts)
{
    for (size_t i = from; i < to; i++) {
        struct entry *e = &index->entries[i];
        if (!e->has_value || e->time_ms != INSTANT_NONE)
            continue;
        counts->repeated += e->sampled_ms == data_ms ? 1 : 0;
        e->has_value = e->sampled_ms != data_ms;
        e->sampled_ms = data_ms;
    }
}

/* Values that were sent again are of the moment they were measured; without one that can be believed nobody knows when.
 */
static void date_back(struct item_index *index, size_t from, size_t to, int64_t at_ms, int64_t now_ms,
                      struct item_counts *counts)
{
    for (size_t i = from; i < to; i++) {
        struct entry *e = &index->entries[i];
        if (!e->has_value || e->time_ms != INSTANT_NONE)
            continue;
        e->has_value = plausible(at_ms, now_ms);
        e->time_ms = at_ms;
        counts->bad_times += !e->has_value;
    }
}

static void forget(struct item_index *index, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        index->entries[i].has_value = false;
        index->entries[i].mark = MARK_N;
        index->entries[i].time_ms = INSTANT_NONE;
    }
}

size_t item_index_read(struct item_index *index, struct slice mn, struct slice area, struct item_moment moment,
                       int64_t now_ms, struct acquired *out, size_t room, struct item_counts *counts)
{
    struct hj212_item item;
    struct slice pol_id = {NULL, 0};
    uint32_t quirks = 0;
    size_t own = run_of(index, mn), own_end = own, n = 0;
    while (own_end < index->count && compare_mn(&index->entries[own_end], mn) == 0)
        own_end++;
    forget(index, 0, index->any);
    forget(index, own, own_end);
    int64_t data_ms = INSTANT_NONE;
    while (hj212_item_next(&area, &item, &quirks)) {
        if (item.code.len == 0 && slice_is(item.field, "DataTime"))
            instant_parse_compact(item.value.at, item.value.len, &data_ms);
        bool known = item.code.len == 0;
        if (slice_is(item.field, "PolId"))
            pol_id = item.value;
        for (size_t i = 0; i < index->any; i++)
            known = give(&index->entries[i], &item, pol_id, now_ms, counts) || known;
        for (size_t i = own; i < own_end; i++)
            known = give(&index->entries[i], &item, pol_id, now_ms, counts) || known;
        counts->unknown_items += !known;
    }
    if (moment.resent) {
        int64_t at_ms = data_ms == INSTANT_NONE ? INSTANT_NONE : data_ms + moment.period_ms;
        date_back(index, 0, index->any, at_ms, now_ms, counts);
        date_back(index, own, own_end, at_ms, now_ms, counts);
    } else if (moment.period_ms > 0 && data_ms != INSTANT_NONE) {
        drop_repeated(index, 0, index->any, data_ms, counts);
        drop_repeated(index, own, own_end, data_ms, counts);
    }
    for (int batch = 0; batch < 2; batch++) {
        n += collect(index, 0, index->any, batch, now_ms, out + n, room - n, counts);
        n += collect(index, own, own_end, batch, now_ms, out + n, room - n, counts);
    }
    return n;
}

const char *item_index_eflag(struct item_index *index, size_t item, bool *changed)
{
    struct entry *e = &index->entries[index->by_item[item]];
    *changed = e->eflag_changed;
    e->eflag_changed = false;
    return e->eflag;
}
