/* How a frame's end is found:
 *
 *   by its length    4 hex digits stand where the declared length says ─► CRC decides between ok and crc
 *   by its seal      the area begins with {0x: the end is the && behind its }; the length may be that of the plain text
 *   by its shape     else: the end of the line (CR LF), the next ##, or the end of the stream; with 4 hex digits in
 *                    front of it the declared length was wrong ─► length; without ─► truncated or malformed      */
#include "hj212/frame.h"

#include <ctype.h>

enum { HEADER_MAX = 512 }; /* CP=&& stands within so many bytes of the head */

static const struct hj212_dialect STANDARD = {.crc = HJ212_CRC_STANDARD};

/* What is being looked at. */
struct look {
    struct slice s; /* from the head on */
    size_t front;   /* bytes before the segment: ##, extra digits, length */
    size_t ceiling;
    bool at_end;
    const struct hj212_dialect *dialect;
};

const char *hj212_verdict_name(enum hj212_verdict verdict)
{
    static const char *const NAMES[HJ212_VERDICTS] = {"ok",        "crc",     "length", "malformed",
                                                      "truncated", "garbage", "sealed", "need-more"};
    return NAMES[verdict];
}

const char *hj212_quirk_name(enum hj212_quirk quirk)
{
    static const char *const NAMES[HJ212_QUIRKS] = {
        [HJ212_QUIRK_LOWER_CASE_CRC] = "lower-case-crc",
        [HJ212_QUIRK_NO_CRLF] = "no-crlf",
        [HJ212_QUIRK_OVERSIZE] = "oversize",
        [HJ212_QUIRK_NO_QN] = "no-qn",
        [HJ212_QUIRK_NO_FLAG] = "no-flag",
        [HJ212_QUIRK_MN_LENGTH] = "mn-length",
        [HJ212_QUIRK_FIELD_ORDER] = "field-order",
        [HJ212_QUIRK_UNKNOWN_FIELD] = "unknown-field",
        [HJ212_QUIRK_EMPTY_ITEM] = "empty-item",
        [HJ212_QUIRK_BARE_ITEM] = "bare-item",
        [HJ212_QUIRK_BLANKS] = "blanks",
        [HJ212_QUIRK_REPEATED_ITEM] = "repeated-item",
        [HJ212_QUIRK_NO_CLOSING] = "no-closing",
        [HJ212_QUIRK_NO_CP] = "no-cp",
        [HJ212_QUIRK_QN_FORM] = "qn-form",
        [HJ212_QUIRK_PACKET_FLAG] = "packet-flag",
    };
    return NAMES[quirk];
}

static bool four_hex(struct slice s, size_t at, unsigned *value, bool *lower)
{
    *value = 0;
    *lower = false;
    if (at + 4 > s.len)
        return false;
    for (size_t i = at; i < at + 4; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (!isxdigit(c))
            return false;
        *lower = *lower || (c >= 'a' && c <= 'f');
        *value = *value * 16 + (unsigned)(isdigit(c) ? c - '0' : (c | 32) - 'a' + 10);
    }
    return true;
}

/* The four digits before the segment; those before them must be digits too. */
static bool length_digits(const struct look *l, size_t *value)
{
    *value = 0;
    if (l->front > l->s.len)
        return false;
    for (size_t i = 2; i < l->front; i++) {
        if (!isdigit((unsigned char)l->s.at[i]))
            return false;
        if (i + 4 >= l->front)
            *value = *value * 10 + (size_t)(l->s.at[i] - '0');
    }
    return true;
}

static bool crc_agrees(const struct look *l, struct slice segment, unsigned stated)
{
    return l->dialect->crc == HJ212_CRC_OFF || hj212_crc_of(l->dialect->crc, segment) == stated;
}

/* Takes over what stands around a CRC at crc_at (4 hex digits are there). */
static void take_frame(const struct look *l, size_t crc_at, struct hj212_frame *frame)
{
    bool lower, crlf = crc_at + 6 <= l->s.len && l->s.at[crc_at + 4] == '\r' && l->s.at[crc_at + 5] == '\n';
    four_hex(l->s, crc_at, &frame->stated, &lower);
    frame->segment = (struct slice){l->s.at + l->front, crc_at - l->front};
    frame->bytes = crc_at + 4 + (crlf ? 2 : 0);
    frame->quirks |= (lower ? 1U << HJ212_QUIRK_LOWER_CASE_CRC : 0) | (crlf ? 0 : 1U << HJ212_QUIRK_NO_CRLF) |
                     (frame->segment.len > HJ212_SEGMENT_MAX && !frame->sealed ? 1U << HJ212_QUIRK_OVERSIZE : 0);
}

static void settle(const struct look *l, size_t crc_at, bool length_agrees, bool crc_good, struct hj212_frame *frame)
{
    take_frame(l, crc_at, frame);
    frame->verdict = !length_agrees                             ? HJ212_LENGTH
                     : !crc_good                                ? HJ212_CRC
                     : l->dialect->strict && frame->quirks != 0 ? HJ212_MALFORMED
                                                                : HJ212_OK;
}

/* Where the frame must end at the latest: behind CR LF, before the next head, or at the end of what there is. */
static size_t hard_end(struct slice s, bool *sure)
{
    size_t line = slice_find(s, 2, "\r\n"), head = slice_find(s, 2, "##");
    size_t end = line < head ? line : head;
    *sure = end < s.len;
    return end;
}

static bool by_shape(const struct look *l, struct hj212_frame *frame)
{
    unsigned stated;
    bool lower, sure;
    size_t end = hard_end(l->s, &sure), digits;
    if (!sure && !l->at_end && end < l->ceiling)
        return false;
    sure = sure && end <= l->ceiling;
    end = end < l->ceiling ? end : l->ceiling;
    /* digits at the mere end of the bytes may be anything: there the closing && must stand before them */
    bool closed = end >= l->front + 6 && (sure || slice_starts(slice_drop(l->s, end - 6), "&&"));
    if (closed && length_digits(l, &digits) && four_hex(l->s, end - 4, &stated, &lower)) {
        settle(l, end - 4, false, false, frame);
        return true;
    }
    frame->verdict = sure || end == l->ceiling ? HJ212_MALFORMED : HJ212_TRUNCATED;
    frame->segment = slice_drop(slice_take(l->s, end), l->front);
    frame->bytes = end + (sure && slice_starts(slice_drop(l->s, end), "\r\n") ? 2 : 0);
    return true;
}

/* Offset of { in a segment whose area is encrypted; 0 when it is not. */
static size_t seal_at(const struct look *l)
{
    struct slice front = slice_take(l->s, l->front + HEADER_MAX);
    size_t area = slice_find(front, l->front, "CP=&&") + 5;
    return area + 3 <= l->s.len && slice_starts(slice_drop(l->s, area), "{0x") ? area : 0;
}

enum look_result { LOOK_FOUND, LOOK_WAIT, LOOK_NOT };

/* {0xE4,0x3E,...} counts one plain byte for every five characters less one: n groups are 5n + 1 characters. */
static enum look_result by_seal(const struct look *l, size_t declared, struct hj212_frame *frame)
{
    unsigned stated;
    bool lower;
    size_t open = seal_at(l);
    if (open == 0)
        return LOOK_NOT;
    struct slice reach = slice_take(l->s, l->ceiling);
    size_t close = slice_find(reach, open, "}"), end = slice_find(reach, close, "&&");
    if (end == reach.len || end + 8 > reach.len) {
        bool sure, more = !l->at_end && reach.len < l->ceiling;
        hard_end(reach, &sure);
        return more && !sure ? LOOK_WAIT : LOOK_NOT;
    }
    size_t crc_at = end + 2, cipher = close + 1 - open;
    if (!four_hex(l->s, crc_at, &stated, &lower))
        return LOOK_NOT;
    size_t sent = crc_at - l->front, plain = sent - cipher + (cipher - 1) / 5;
    frame->sealed = true;
    settle(l, crc_at, declared == sent || declared == plain, true, frame);
    if (frame->verdict == HJ212_OK)
        frame->verdict = HJ212_SEALED;
    return LOOK_FOUND;
}

/* LOOK_NOT: the declared length leads nowhere. */
static enum look_result by_length(const struct look *l, size_t declared, struct hj212_frame *frame)
{
    size_t crc_at = l->front + declared;
    unsigned stated;
    bool lower;
    if (crc_at + 6 > l->ceiling + 4)
        return LOOK_NOT;
    if (!l->at_end && l->s.len < crc_at + 6) {
        bool sure;
        size_t end = hard_end(l->s, &sure);
        if (!sure || end >= crc_at + 4)
            return LOOK_WAIT;
    }
    if (!four_hex(l->s, crc_at, &stated, &lower))
        return LOOK_NOT;
    bool good = crc_agrees(l, (struct slice){l->s.at + l->front, declared}, stated);
    bool ends = crc_at + 4 == l->s.len || strchr("\r\n# ", l->s.at[crc_at + 4]) != NULL;
    if (!good && !ends)
        return LOOK_NOT;
    settle(l, crc_at, true, good, frame);
    return LOOK_FOUND;
}

/* What stands before the first head. */
static bool garbage(const struct look *l, size_t head, struct hj212_frame *frame)
{
    bool tail = !l->at_end && head == l->s.len && l->s.at[l->s.len - 1] == '#'; /* half a head may begin one */
    frame->bytes = head - (tail ? 1 : 0);
    frame->verdict = frame->bytes > 0 ? HJ212_GARBAGE : HJ212_NEED_MORE;
    return frame->bytes > 0;
}

bool hj212_frame_next(struct slice input, size_t offset, bool at_end, const struct hj212_dialect *dialect,
                      struct hj212_frame *frame)
{
    struct look l = {.s = slice_drop(input, offset), .at_end = at_end, .dialect = dialect ? dialect : &STANDARD};
    enum look_result result = LOOK_NOT;
    size_t declared;
    *frame = (struct hj212_frame){.verdict = HJ212_NEED_MORE, .offset = offset};
    l.front = 6 + l.dialect->extra_digits;
    l.ceiling = l.dialect->ceiling > 0 && l.dialect->ceiling < HJ212_CEILING ? l.dialect->ceiling : HJ212_CEILING;
    if (l.s.len == 0)
        return false;
    size_t head = slice_find(l.s, 0, "##");
    if (head > 0)
        return garbage(&l, head, frame);
    if (l.s.len < l.front + 6 && !at_end)
        return false;
    if (length_digits(&l, &declared)) {
        result = seal_at(&l) ? by_seal(&l, declared, frame) : by_length(&l, declared, frame);
        if (result == LOOK_FOUND)
            return true;
    }
    return result != LOOK_WAIT && by_shape(&l, frame);
}
