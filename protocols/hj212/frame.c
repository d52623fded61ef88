/* How a frame's end is found:
 *
 *   by its length    4 hex digits stand where the declared length says ─► CRC decides between ok and crc
 *   by its shape     else: the end of the line (CR LF), the next ##, or the end of the stream; with 4 hex digits in
 * front of it the declared length was wrong ─► length; without ─► truncated or malformed                 */
#include "hj212/frame.h"

#include <ctype.h>

const char *hj212_verdict_name(enum hj212_verdict verdict)
{
    static const char *const NAMES[HJ212_VERDICTS] = {"ok",        "crc",     "length",   "malformed",
                                                      "truncated", "garbage", "need-more"};
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
    };
    return NAMES[quirk];
}

uint16_t hj212_crc(struct slice segment)
{
    unsigned crc = 0xFFFF;
    for (size_t i = 0; i < segment.len; i++) {
        crc = (crc >> 8) ^ (unsigned char)segment.at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;
    }
    return (uint16_t)crc;
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

static bool four_digits(struct slice s, size_t at, size_t *value)
{
    *value = 0;
    if (at + 4 > s.len)
        return false;
    for (size_t i = at; i < at + 4; i++) {
        if (!isdigit((unsigned char)s.at[i]))
            return false;
        *value = *value * 10 + (size_t)(s.at[i] - '0');
    }
    return true;
}

/* Settles a frame whose CRC stands at crc_at (4 hex digits are there). */
static void settle(struct slice s, size_t crc_at, bool length_agrees, bool strict, struct hj212_frame *frame)
{
    unsigned stated;
    bool lower, crlf = crc_at + 6 <= s.len && s.at[crc_at + 4] == '\r' && s.at[crc_at + 5] == '\n';
    four_hex(s, crc_at, &stated, &lower);
    frame->segment = (struct slice){s.at + 6, crc_at - 6};
    frame->bytes = crc_at + 4 + (crlf ? 2 : 0);
    frame->quirks |= (lower ? 1U << HJ212_QUIRK_LOWER_CASE_CRC : 0) | (crlf ? 0 : 1U << HJ212_QUIRK_NO_CRLF) |
                     (frame->segment.len > HJ212_SEGMENT_MAX ? 1U << HJ212_QUIRK_OVERSIZE : 0);
    frame->verdict = !length_agrees                        ? HJ212_LENGTH
                     : hj212_crc(frame->segment) != stated ? HJ212_CRC
                     : strict && frame->quirks != 0        ? HJ212_MALFORMED
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

static bool by_shape(struct slice s, bool at_end, bool strict, struct hj212_frame *frame)
{
    unsigned stated;
    bool lower, sure;
    size_t end = hard_end(s, &sure), digits;
    if (!sure && !at_end && end < HJ212_CEILING)
        return false;
    end = end < HJ212_CEILING ? end : HJ212_CEILING;
    /* digits at the mere end of the bytes may be anything: there the closing && must stand before them */
    bool closed = end >= 12 && (sure || slice_starts(slice_drop(s, end - 6), "&&"));
    if (closed && four_digits(s, 2, &digits) && four_hex(s, end - 4, &stated, &lower)) {
        settle(s, end - 4, false, strict, frame);
        return true;
    }
    frame->verdict = sure || end == HJ212_CEILING ? HJ212_MALFORMED : HJ212_TRUNCATED;
    frame->segment = slice_drop(slice_take(s, end), 6);
    frame->bytes = end + (sure && slice_starts(slice_drop(s, end), "\r\n") ? 2 : 0);
    return true;
}

bool hj212_frame_next(struct slice input, size_t offset, bool at_end, bool strict, struct hj212_frame *frame)
{
    struct slice s = slice_drop(input, offset);
    size_t declared, head = slice_find(s, 0, "##");
    unsigned stated;
    bool lower;
    *frame = (struct hj212_frame){.verdict = HJ212_NEED_MORE, .offset = offset};
    if (s.len == 0)
        return false;
    if (head > 0) {
        bool tail = !at_end && head == s.len && s.at[s.len - 1] == '#'; /* half a head may be the start of one */
        frame->verdict = HJ212_GARBAGE;
        frame->bytes = head - (tail ? 1 : 0);
        if (frame->bytes > 0)
            return true;
        frame->verdict = HJ212_NEED_MORE;
        return false;
    }
    if (s.len < 12 && !at_end)
        return false;
    if (four_digits(s, 2, &declared)) {
        size_t crc_at = 6 + declared;
        if (!at_end && s.len < crc_at + 6) {
            bool sure;
            size_t end = hard_end(s, &sure);
            if (!sure || end >= crc_at + 4)
                return false;
        }
        if (four_hex(s, crc_at, &stated, &lower)) {
            struct slice segment = {s.at + 6, declared};
            bool ends = crc_at + 4 == s.len || s.at[crc_at + 4] == '\r' || s.at[crc_at + 4] == '\n' ||
                        s.at[crc_at + 4] == '#' || s.at[crc_at + 4] == ' ';
            if (hj212_crc(segment) == stated || ends) {
                settle(s, crc_at, true, strict, frame);
                return true;
            }
        }
    }
    return by_shape(s, at_end, strict, frame);
}
