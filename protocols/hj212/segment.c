#include "hj212/segment.h"

/* Order of the fields as the standard prints them; a field that comes before an earlier one is a quirk. */
static struct slice *field_of(struct hj212_segment *s, struct slice name, int *rank)
{
    const struct {
        const char *name;
        struct slice *field;
    } FIELDS[] = {{"QN", &s->qn},     {"ST", &s->st},     {"CN", &s->cn},   {"PW", &s->pw}, {"MN", &s->mn},
                  {"Flag", &s->flag}, {"PNUM", &s->pnum}, {"PNO", &s->pno}, {"RF", &s->rf}};
    for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
        if (slice_is(name, FIELDS[i].name)) {
            *rank = (int)i;
            return FIELDS[i].field;
        }
    }
    return NULL;
}

static void mark(uint32_t *quirks, enum hj212_quirk quirk)
{
    *quirks |= 1U << quirk;
}

static int version_of(struct slice flag)
{
    unsigned value = 0;
    for (size_t i = 0; i < flag.len && i < 3; i++)
        value = value * 10 + (unsigned)(flag.at[i] >= '0' && flag.at[i] <= '9' ? flag.at[i] - '0' : 0);
    switch (value >> 2) {
    case 0: return 2005;
    case 1: return 2017;
    case 2: return 2025;
    default: return 0;
    }
}

static void cut_area(struct slice cp, struct hj212_segment *out)
{
    size_t last = cp.len;
    out->area = slice_starts(cp, "&&") ? slice_drop(cp, 2) : cp;
    for (size_t at = slice_find(out->area, 0, "&&"); at < out->area.len; at = slice_find(out->area, at + 1, "&&"))
        last = at; /* the area ends at the last && */
    if (last < cp.len)
        out->area = slice_take(out->area, last);
    else
        mark(&out->quirks, HJ212_QUIRK_NO_CLOSING);
}

bool hj212_segment_parse(struct slice segment, struct hj212_segment *out)
{
    struct slice rest = segment;
    int highest = -1;
    bool has_cp = false;
    *out = (struct hj212_segment){0};
    while (rest.len > 0 && !has_cp) {
        struct slice field = slice_take(rest, slice_span_until(rest, ";"));
        struct slice name = slice_trim(slice_take(field, slice_span_until(field, "=")));
        int rank = 0;
        if (slice_is(name, "CP")) {
            has_cp = true;
            cut_area(slice_drop(rest, (size_t)(name.at - rest.at) + 3), out);
            break;
        }
        struct slice *known = field_of(out, name, &rank);
        if (known && !known->at) {
            *known = slice_trim(slice_drop(field, (size_t)(name.at - field.at) + name.len + 1));
            if (rank < highest)
                mark(&out->quirks, HJ212_QUIRK_FIELD_ORDER);
            highest = rank > highest ? rank : highest;
        } else if (field.len > 0) {
            mark(&out->quirks, known ? HJ212_QUIRK_REPEATED_ITEM : HJ212_QUIRK_UNKNOWN_FIELD);
        } else {
            mark(&out->quirks, HJ212_QUIRK_EMPTY_ITEM);
        }
        rest = slice_drop(rest, field.len + 1);
    }
    out->version = version_of(out->flag);
    if (!out->qn.at)
        mark(&out->quirks, HJ212_QUIRK_NO_QN);
    if (!out->flag.at)
        mark(&out->quirks, HJ212_QUIRK_NO_FLAG);
    if (!has_cp)
        mark(&out->quirks, HJ212_QUIRK_NO_CP);
    if (out->mn.at && out->mn.len != (out->version == 2005 ? 14 : 24) && !(out->version == 2005 && out->mn.len == 24))
        mark(&out->quirks, HJ212_QUIRK_MN_LENGTH);
    return out->st.at || out->cn.at || has_cp;
}

/* Length of the value at the front: to the next separator, or over a log text in //. */
static size_t value_length(struct slice s)
{
    if (!slice_starts(s, "//"))
        return slice_span_until(s, ",;");
    size_t close = slice_find(s, 2, "//");
    return close < s.len ? close + 2 + slice_span_until(slice_drop(s, close + 2), ",;") : slice_span_until(s, ",;");
}

bool hj212_item_next(struct slice *rest, struct hj212_item *item, uint32_t *quirks)
{
    while (rest->len > 0 && (rest->at[0] == ',' || rest->at[0] == ';')) {
        mark(quirks, HJ212_QUIRK_EMPTY_ITEM);
        *rest = slice_drop(*rest, 1);
    }
    if (rest->len == 0)
        return false;
    size_t name_length = slice_span_until(*rest, "=,;");
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
    size_t dash = slice_span_until(name, "-");
    bool plain = dash == name.len;
    item->code = plain ? (struct slice){name.at, 0} : slice_take(name, dash);
    item->field = plain ? name : slice_drop(name, dash + 1);
    *rest = slice_drop(after, length);
    if (rest->len == 1) /* a separator with nothing behind it */
        mark(quirks, HJ212_QUIRK_EMPTY_ITEM);
    *rest = slice_drop(*rest, 1);
    return true;
}
