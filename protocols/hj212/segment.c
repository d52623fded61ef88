#include "hj212/segment.h"

enum { ENDS_NAME = 1, ENDS_ITEM = 2, ENDS_FIELD = 4, ENDS_CODE = 8 };

/* Length of the run at the front without a byte that ends what is being read. */
static size_t run_until(struct slice s, unsigned char ends)
{
    static const unsigned char ENDS[256] = {['='] = ENDS_NAME,
                                            [','] = ENDS_NAME | ENDS_ITEM,
                                            [';'] = ENDS_NAME | ENDS_ITEM | ENDS_FIELD,
                                            ['-'] = ENDS_CODE};
    size_t n = 0;
    while (n < s.len && !(ENDS[(unsigned char)s.at[n]] & ends))
        n++;
    return n;
}

/* Fields in the order the standard prints them; a field that comes before an earlier one is a quirk. */
static const struct {
    char name[5];
    unsigned char length;
    size_t at;
} FIELDS[] = {
    {"QN", 2, offsetof(struct hj212_segment, qn)},     {"ST", 2, offsetof(struct hj212_segment, st)},
    {"CN", 2, offsetof(struct hj212_segment, cn)},     {"PW", 2, offsetof(struct hj212_segment, pw)},
    {"MN", 2, offsetof(struct hj212_segment, mn)},     {"Flag", 4, offsetof(struct hj212_segment, flag)},
    {"PNUM", 4, offsetof(struct hj212_segment, pnum)}, {"PNO", 3, offsetof(struct hj212_segment, pno)},
    {"RF", 2, offsetof(struct hj212_segment, rf)},
};
enum { FIELD_COUNT = sizeof FIELDS / sizeof FIELDS[0] };

/* The rank of a field by its name; first the one that should come next. FIELD_COUNT when it is unknown. */
static size_t field_rank(struct slice name, size_t next)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        size_t rank = (next + i) % FIELD_COUNT;
        if (name.len == FIELDS[rank].length && memcmp(name.at, FIELDS[rank].name, name.len) == 0)
            return rank;
    }
    return FIELD_COUNT;
}

static void mark(uint32_t *quirks, enum hj212_quirk quirk)
{
    *quirks |= 1U << quirk;
}

/* The area ends at the last && of the segment. */
static void cut_area(struct slice cp, struct hj212_segment *out)
{
    out->area = slice_starts(cp, "&&") ? slice_drop(cp, 2) : cp;
    for (size_t end = out->area.len; end >= 2; end--) {
        if (out->area.at[end - 1] == '&' && out->area.at[end - 2] == '&') {
            out->area = slice_take(out->area, end - 2);
            return;
        }
    }
    mark(&out->quirks, HJ212_QUIRK_NO_CLOSING);
}

static bool all_digits(struct slice s)
{
    size_t n = 0;
    while (n < s.len && s.at[n] >= '0' && s.at[n] <= '9')
        n++;
    return n == s.len;
}

static void judge_fields(struct hj212_segment *out, bool has_cp)
{
    if (!out->qn.at)
        mark(&out->quirks, HJ212_QUIRK_NO_QN);
    else if (out->qn.len != 17 || !all_digits(out->qn))
        mark(&out->quirks, HJ212_QUIRK_QN_FORM);
    if (!out->flag.at)
        mark(&out->quirks, HJ212_QUIRK_NO_FLAG);
    else if (((out->flags & HJ212_FLAG_PACKETS) != 0) != (out->pnum.at != NULL))
        mark(&out->quirks, HJ212_QUIRK_PACKET_FLAG);
    if (!has_cp)
        mark(&out->quirks, HJ212_QUIRK_NO_CP);
    if (out->mn.at && out->mn.len != (out->version == 2005 ? 14 : 24) && !(out->version == 2005 && out->mn.len == 24))
        mark(&out->quirks, HJ212_QUIRK_MN_LENGTH);
}

/* Reads up to three digits of the Flag. */
static unsigned flag_value(struct slice flag)
{
    unsigned value = 0;
    for (size_t i = 0; i < flag.len && i < 3; i++)
        value = value * 10 + (unsigned)(flag.at[i] >= '0' && flag.at[i] <= '9' ? flag.at[i] - '0' : 0);
    return value;
}

int hj212_flag_version(unsigned flags)
{
    static const int VERSIONS[] = {2005, 2017, 2025};
    return flags >> 2 < 3 ? VERSIONS[flags >> 2] : 0;
}

bool hj212_segment_parse(struct slice segment, struct hj212_segment *out)
{
    struct slice rest = segment;
    size_t next = 0;
    bool has_cp = false;
    *out = (struct hj212_segment){0};
    while (rest.len > 0) {
        struct slice field = slice_take(rest, run_until(rest, ENDS_FIELD));
        size_t name_length = run_until(field, ENDS_NAME);
        struct slice name = slice_trim(slice_take(field, name_length));
        if (slice_is(name, "CP")) {
            has_cp = true;
            cut_area(slice_drop(rest, name_length + 1), out);
            break;
        }
        size_t rank = field_rank(name, next);
        struct slice *known = rank < FIELD_COUNT ? (struct slice *)((char *)out + FIELDS[rank].at) : NULL;
        if (known && !known->at) {
            *known = slice_trim(slice_drop(field, name_length + 1));
            if (rank < next)
                mark(&out->quirks, HJ212_QUIRK_FIELD_ORDER);
            else
                next = rank + 1;
        } else if (field.len > 0) {
            mark(&out->quirks, known ? HJ212_QUIRK_REPEATED_ITEM : HJ212_QUIRK_UNKNOWN_FIELD);
        } else {
            mark(&out->quirks, HJ212_QUIRK_EMPTY_ITEM);
        }
        rest = slice_drop(rest, field.len + 1);
    }
    out->flags = flag_value(out->flag);
    out->version = hj212_flag_version(out->flags);
    judge_fields(out, has_cp);
    return out->st.at || out->cn.at || has_cp;
}

/* Length of the value at the front: to the next separator, or over a log text in //. */
static size_t value_length(struct slice s)
{
    if (!slice_starts(s, "//"))
        return run_until(s, ENDS_ITEM);
    size_t close = slice_find(s, 2, "//");
    return close < s.len ? close + 2 + run_until(slice_drop(s, close + 2), ENDS_ITEM) : run_until(s, ENDS_ITEM);
}

bool hj212_item_next(struct slice *rest, struct hj212_item *item, uint32_t *quirks)
{
    while (rest->len > 0 && (rest->at[0] == ',' || rest->at[0] == ';')) {
        mark(quirks, HJ212_QUIRK_EMPTY_ITEM);
        *rest = slice_drop(*rest, 1);
    }
    if (rest->len == 0)
        return false;
    size_t name_length = run_until(*rest, ENDS_NAME);
    struct slice raw = slice_take(*rest, name_length), name = slice_trim(raw);
    bool bare = name_length == rest->len || rest->at[name_length] != '=';
    struct slice after = slice_drop(*rest, name_length + (bare ? 0 : 1));
    size_t length = bare ? 0 : value_length(after);
    struct slice value = slice_take(after, length);
    item->value = slice_trim(value);
    if (name.len != raw.len || item->value.len != value.len)
        mark(quirks, HJ212_QUIRK_BLANKS);
    if (bare)
        mark(quirks, HJ212_QUIRK_BARE_ITEM);
    size_t dash = run_until(name, ENDS_CODE);
    bool plain = dash == name.len;
    item->code = plain ? (struct slice){name.at, 0} : slice_take(name, dash);
    item->field = plain ? name : slice_drop(name, dash + 1);
    *rest = slice_drop(after, length);
    item->ends = rest->len > 0 ? rest->at[0] : '\0';
    if (rest->len == 1) /* a separator with nothing behind it */
        mark(quirks, HJ212_QUIRK_EMPTY_ITEM);
    *rest = slice_drop(*rest, 1);
    return true;
}
