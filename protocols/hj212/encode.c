#include "hj212/encode.h"

#include <stdio.h>

/* A cursor over what is being written; full stays full. */
struct pen {
    char *at;
    size_t left;
    bool full;
};

static void put(struct pen *pen, struct slice text)
{
    if (text.len > pen->left) {
        pen->full = true;
        return;
    }
    memcpy(pen->at, text.at, text.len);
    pen->at += text.len;
    pen->left -= text.len;
}

static void put_text(struct pen *pen, const char *text)
{
    put(pen, (struct slice){text, strlen(text)});
}

/* At least so many digits. */
static void put_number(struct pen *pen, unsigned value, unsigned width)
{
    char digits[10];
    size_t n = 0;
    do
        digits[sizeof digits - ++n] = (char)('0' + value % 10);
    while ((value /= 10) > 0 || n < width);
    put(pen, (struct slice){digits + sizeof digits - n, n});
}

static void put_field(struct pen *pen, const char *name, struct slice value)
{
    if (!value.at)
        return;
    put_text(pen, name);
    put(pen, value);
    put(pen, (struct slice){";", 1});
}

static void put_packets(struct pen *pen, const struct hj212_fields *f, unsigned width)
{
    if (f->pnum == 0)
        return;
    put_text(pen, "PNUM=");
    put_number(pen, f->pnum, width);
    put_text(pen, ";PNO=");
    put_number(pen, f->pno, width);
    put_text(pen, ";");
}

static unsigned flags_of(const struct hj212_fields *f)
{
    unsigned version = f->version == 2025 ? 2 : f->version == 2017 ? 1 : 0;
    return version << 2 | (f->pnum > 0 ? HJ212_FLAG_PACKETS : 0) | (f->want_ack ? HJ212_FLAG_ACK : 0);
}

static void put_header(struct pen *pen, const struct hj212_fields *f)
{
    bool old = f->version == 2005;
    put_field(pen, "QN=", f->qn);
    if (old)
        put_packets(pen, f, 4);
    put_field(pen, "ST=", f->st);
    put_text(pen, "CN=");
    put_number(pen, (unsigned)f->cn, 4);
    put_text(pen, ";");
    put_field(pen, "PW=", f->pw);
    put_field(pen, "MN=", f->mn);
    if (!f->flag_absent) {
        put_text(pen, "Flag=");
        put_number(pen, flags_of(f), 1);
        put_text(pen, ";");
    }
    if (!old)
        put_packets(pen, f, 1);
    if (f->resent && f->version == 2025)
        put_text(pen, "RF=1;");
    put_text(pen, "CP=&&");
}

static char *put_hex(char *at, unsigned crc)
{
    for (int shift = 12; shift >= 0; shift -= 4)
        *at++ = "0123456789ABCDEF"[crc >> shift & 15];
    return at;
}

static void put_digits(char *at, size_t value)
{
    for (int i = 3; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
}

size_t hj212_write(const struct hj212_fields *fields, struct slice area, const struct hj212_seal *seal, char *out,
                   size_t size)
{
    struct pen pen = {out, size, false};
    put_text(&pen, "##0000");
    put_header(&pen, fields);
    char *area_at = pen.at;
    put(&pen, area);
    put_text(&pen, "&&");
    size_t plain = (size_t)(pen.at - out) - 6;
    if (pen.full || plain > HJ212_SEGMENT_MAX || area.len > HJ212_AREA_MAX)
        return 0;
    unsigned crc = hj212_crc((struct slice){out + 6, plain});
    size_t length = plain;
    if (seal && seal->key && area.len > 0) {
        char copy[HJ212_AREA_MAX];
        memcpy(copy, area.at, area.len);
        pen.left += (size_t)(pen.at - area_at);
        pen.at = area_at;
        size_t sealed = hj212_seal(seal->key, (struct slice){copy, area.len}, pen.at, pen.left);
        if (sealed == 0)
            return 0;
        pen.at += sealed;
        pen.left -= sealed;
        put_text(&pen, "&&");
        length = seal->plain_length ? plain : (size_t)(pen.at - out) - 6;
    }
    if (pen.full || pen.left < 6 || length > 9999)
        return 0;
    put_digits(out + 2, length);
    pen.at = put_hex(pen.at, crc);
    *pen.at++ = '\r';
    *pen.at++ = '\n';
    return (size_t)(pen.at - out);
}

/* ---- messages ---- */

void hj212_message_begin(struct hj212_message *m, const struct hj212_fields *fields, struct slice front)
{
    m->fields = *fields;
    m->front = m->length = front.len < HJ212_AREA_MAX ? front.len : 0;
    memcpy(m->area, front.at, m->front);
    m->groups = m->parts = 0;
}

bool hj212_message_add(struct hj212_message *m, struct slice group)
{
    if (m->groups == HJ212_MESSAGE_GROUPS || m->length + group.len > sizeof m->area)
        return false;
    m->group[m->groups++] = m->length;
    memcpy(m->area + m->length, group.at, group.len);
    m->length += group.len;
    return true;
}

static size_t group_length(const struct hj212_message *m, size_t g)
{
    return (g + 1 < m->groups ? m->group[g + 1] : m->length) - m->group[g];
}

/* Bytes of area that fit behind the header. */
static size_t area_room(const struct hj212_message *m, bool packets)
{
    char scratch[512];
    struct pen pen = {scratch, sizeof scratch, false};
    struct hj212_fields fields = m->fields;
    fields.qn = (struct slice){"00000000000000000", 17};
    fields.pnum = fields.pno = packets ? HJ212_PARTS_MAX : 0;
    put_header(&pen, &fields);
    size_t header = (size_t)(pen.at - scratch) + 2;
    if (pen.full || header >= HJ212_SEGMENT_MAX)
        return 0;
    size_t room = HJ212_SEGMENT_MAX - header;
    return room < HJ212_AREA_MAX ? room : HJ212_AREA_MAX;
}

/* Groups from `from` on that fit into room together with the front; at least one, or 0 when not even that. */
static size_t groups_that_fit(const struct hj212_message *m, size_t from, size_t room)
{
    size_t used = m->front, n = 0;
    for (; from + n < m->groups; n++) {
        size_t more = group_length(m, from + n) + (used > 0 ? 1 : 0);
        if (used + more > room)
            break;
        used += more;
    }
    return n;
}

size_t hj212_message_cut(struct hj212_message *m)
{
    size_t most = m->fields.version == 2025 ? 9 : HJ212_PARTS_MAX;
    m->first[0] = 0;
    m->first[1] = m->groups;
    m->parts = 1;
    if (m->front <= area_room(m, false) && groups_that_fit(m, 0, area_room(m, false)) == m->groups)
        return 1;
    size_t from = 0, room = area_room(m, true);
    for (m->parts = 0; from < m->groups; m->parts++) {
        size_t n = groups_that_fit(m, from, room);
        if (n == 0 || m->parts == most)
            return m->parts = 0;
        m->first[m->parts] = from;
        from += n;
    }
    m->first[m->parts] = m->groups;
    return m->parts;
}

size_t hj212_message_write(const struct hj212_message *m, size_t part, const char *qn, const struct hj212_seal *seal,
                           char *out, size_t size)
{
    char area[HJ212_AREA_MAX];
    struct pen pen = {area, sizeof area, false};
    struct hj212_fields fields = m->fields;
    fields.qn = (struct slice){qn, strlen(qn)};
    fields.pnum = m->parts > 1 ? (unsigned)m->parts : 0;
    fields.pno = m->parts > 1 ? (unsigned)part + 1 : 0;
    put(&pen, (struct slice){m->area, m->front});
    for (size_t g = m->first[part]; g < m->first[part + 1]; g++) {
        if (pen.at != area)
            put_text(&pen, ";");
        put(&pen, (struct slice){m->area + m->group[g], group_length(m, g)});
    }
    if (pen.full)
        return 0;
    return hj212_write(&fields, (struct slice){area, (size_t)(pen.at - area)}, seal, out, size);
}

size_t hj212_answer(int cn, const struct hj212_segment *to, const char *items, char *out, size_t size)
{
    char area[HJ212_AREA_MAX];
    struct pen pen = {area, sizeof area, false};
    struct hj212_fields fields = {
        .version = to->version ? to->version : 2017, .st = {"91", 2}, .cn = cn, .pw = to->pw, .mn = to->mn};
    if (fields.version == 2005 && to->qn.at) {
        put_text(&pen, "QN=");
        put(&pen, to->qn);
        if (items[0])
            put_text(&pen, ";");
    } else {
        fields.qn = to->qn;
    }
    put_text(&pen, items);
    return pen.full ? 0 : hj212_write(&fields, (struct slice){area, (size_t)(pen.at - area)}, NULL, out, size);
}
