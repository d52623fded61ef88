#include "hj212/assemble.h"

#include <stdlib.h>

enum { KEY_BYTES = 96 };

struct part {
    size_t at, length;
};

struct slot {
    char key[KEY_BYTES]; /* MN, CN, PNUM; "" = free */
    size_t key_length;
    char time[18]; /* DataTime */
    size_t time_length;
    unsigned pnum, have;
    int64_t begun_ms;
    struct part parts[ASSEMBLY_PARTS]; /* by PNO - 1; length 0 and at SIZE_MAX = missing */
    char bytes[ASSEMBLY_BYTES];
    size_t used;
};

struct hj212_assembly {
    struct slot slots[ASSEMBLY_SLOTS];
    uint64_t incomplete;
    char whole[ASSEMBLY_BYTES + ASSEMBLY_PARTS];
};

const char *hj212_part_result_name(enum hj212_part_result result)
{
    static const char *const NAMES[] = {"single", "waiting", "whole", "repeated", "refused"};
    return NAMES[result];
}

struct hj212_assembly *hj212_assembly_new(void)
{
    return calloc(1, sizeof(struct hj212_assembly));
}

void hj212_assembly_free(struct hj212_assembly *assembly)
{
    free(assembly);
}

uint64_t hj212_assembly_incomplete(const struct hj212_assembly *assembly)
{
    return assembly->incomplete;
}

/* Up to four digits; 0 for anything else. */
static unsigned number_of(struct slice s)
{
    unsigned value = 0;
    if (s.len == 0 || s.len > 4)
        return 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return 0;
        value = value * 10 + (unsigned)(s.at[i] - '0');
    }
    return value;
}

static void append(char *out, size_t room, size_t *used, struct slice s)
{
    size_t n = *used + s.len <= room ? s.len : 0;
    memcpy(out + *used, s.at ? s.at : "", n);
    *used += n;
}

static size_t make_key(const struct hj212_segment *part, char key[KEY_BYTES])
{
    size_t used = 0;
    append(key, KEY_BYTES, &used, part->mn);
    append(key, KEY_BYTES, &used, (struct slice){"/", 1});
    append(key, KEY_BYTES, &used, part->cn);
    append(key, KEY_BYTES, &used, (struct slice){"/", 1});
    append(key, KEY_BYTES, &used, part->pnum);
    return used;
}

/* The DataTime item of the area and the area without it. */
static struct slice take_time(struct slice *area)
{
    struct slice rest = *area;
    struct hj212_item item;
    uint32_t quirks = 0;
    if (!slice_starts(rest, "DataTime=") || !hj212_item_next(&rest, &item, &quirks))
        return (struct slice){NULL, 0};
    *area = rest;
    return slice_take(item.value, 17);
}

static bool same(const struct slot *slot, const char *key, size_t key_length, struct slice time)
{
    return slot->key_length == key_length && memcmp(slot->key, key, key_length) == 0 &&
           (time.len == 0 || slot->time_length == 0 ||
            (slot->time_length == time.len && memcmp(slot->time, time.at, time.len) == 0));
}

static void give_up(struct hj212_assembly *a, struct slot *slot)
{
    if (slot->key_length > 0)
        a->incomplete++;
    slot->key_length = 0;
}

/* The slot of the message, or a free one, or the oldest. */
static struct slot *slot_of(struct hj212_assembly *a, const char *key, size_t key_length, struct slice time)
{
    struct slot *best = &a->slots[0];
    for (size_t i = 0; i < ASSEMBLY_SLOTS; i++) {
        struct slot *slot = &a->slots[i];
        if (slot->key_length > 0 && same(slot, key, key_length, time))
            return slot;
        if (best->key_length > 0 && (slot->key_length == 0 || slot->begun_ms < best->begun_ms))
            best = slot;
    }
    give_up(a, best);
    return best;
}

static void begin(struct slot *slot, const char *key, size_t key_length, unsigned pnum, int64_t now_ms)
{
    memcpy(slot->key, key, key_length);
    slot->key_length = key_length;
    slot->time_length = 0;
    slot->pnum = pnum;
    slot->have = 0;
    slot->begun_ms = now_ms;
    slot->used = 0;
    for (size_t i = 0; i < ASSEMBLY_PARTS; i++)
        slot->parts[i] = (struct part){SIZE_MAX, 0};
}

static void put_together(struct hj212_assembly *a, struct slot *slot, const struct hj212_segment *part,
                         struct hj212_segment *whole)
{
    size_t used = 0;
    if (slot->time_length > 0) {
        append(a->whole, sizeof a->whole, &used, (struct slice){"DataTime=", 9});
        append(a->whole, sizeof a->whole, &used, (struct slice){slot->time, slot->time_length});
    }
    for (unsigned i = 0; i < slot->pnum; i++) {
        if (used > 0)
            append(a->whole, sizeof a->whole, &used, (struct slice){";", 1});
        append(a->whole, sizeof a->whole, &used,
               (struct slice){slot->bytes + slot->parts[i].at, slot->parts[i].length});
    }
    *whole = *part;
    whole->area = (struct slice){a->whole, used};
    slot->key_length = 0;
}

enum hj212_part_result hj212_assemble(struct hj212_assembly *a, const struct hj212_segment *part, int64_t now_ms,
                                      int64_t timeout_ms, struct hj212_segment *whole)
{
    char key[KEY_BYTES];
    unsigned pnum = number_of(part->pnum), pno = number_of(part->pno);
    struct slice area = part->area, time = take_time(&area);
    if (!part->pnum.at || (pnum == 1 && pno == 1))
        return HJ212_PART_SINGLE;
    if (pno == 0 || pno > pnum || pnum > ASSEMBLY_PARTS || part->mn.len + part->cn.len + 6 > KEY_BYTES)
        return HJ212_PART_REFUSED;
    for (size_t i = 0; i < ASSEMBLY_SLOTS; i++)
        if (a->slots[i].key_length > 0 && now_ms - a->slots[i].begun_ms > timeout_ms)
            give_up(a, &a->slots[i]);
    size_t key_length = make_key(part, key);
    struct slot *slot = slot_of(a, key, key_length, time);
    if (slot->key_length == 0)
        begin(slot, key, key_length, pnum, now_ms);
    if (slot->parts[pno - 1].at != SIZE_MAX)
        return HJ212_PART_REPEATED;
    if (slot->used + area.len > sizeof slot->bytes) {
        give_up(a, slot);
        return HJ212_PART_REFUSED;
    }
    if (slot->time_length == 0 && time.len > 0) {
        memcpy(slot->time, time.at, time.len);
        slot->time_length = time.len;
    }
    slot->parts[pno - 1] = (struct part){slot->used, area.len};
    append(slot->bytes, sizeof slot->bytes, &slot->used, area);
    if (++slot->have < slot->pnum)
        return HJ212_PART_WAITING;
    put_together(a, slot, part, whole);
    return HJ212_PART_WHOLE;
}
