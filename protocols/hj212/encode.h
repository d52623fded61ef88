/* Frames as the standard wants them: upper-case CRC, four length digits, CR LF, nothing tolerated.
 *
 *   hj212_write     one frame from its fields and its area
 *   message         what is to be said: a front (DataTime) and groups (a factor each), cut into frames between groups
 *                   where 950 bytes of area or 1024 of segment end; every part repeats the front (2017 C.49)
 *
 * Fields by version: 2005 has PNUM, PNO of four digits behind QN and no version bits; 2017 and 2025 have them behind
 * Flag; RF=1 exists in 2025 only. Pure, no allocation. Any thread. */
#ifndef CEMSD_HJ212_ENCODE_H
#define CEMSD_HJ212_ENCODE_H

#include "hj212/segment.h"
#include "hj212/sm4.h"

enum {
    HJ212_MESSAGE_AREA = 32 * 1024,
    HJ212_MESSAGE_GROUPS = 512,
    HJ212_PARTS_MAX = 64,
    HJ212_SEALED_MAX = 8 * 1024, /* of a frame with an encrypted area */
};

struct hj212_fields {
    int version;                 /* 2005, 2017, 2025 */
    struct slice qn, st, pw, mn; /* at NULL: the field is left out */
    int cn;
    bool flag_absent;      /* 2005 only */
    bool want_ack, resent; /* Flag bit 0, RF=1 */
    unsigned pnum, pno;    /* 0: one frame says all */
};

/* How a peer wants what is encrypted. */
struct hj212_seal {
    struct hj212_key *key; /* NULL: plain */
    bool plain_length;     /* the length digits count the plain text (annex A.2 as printed) */
};

/* Length of the frame in out, or 0 when it does not fit into size or the segment is above 1024 bytes. */
size_t hj212_write(const struct hj212_fields *fields, struct slice area, const struct hj212_seal *seal, char *out,
                   size_t size);

struct hj212_message {
    struct hj212_fields fields; /* without qn, pnum, pno */
    char area[HJ212_MESSAGE_AREA];
    size_t front, length;               /* front: bytes of what every part repeats */
    size_t group[HJ212_MESSAGE_GROUPS]; /* where each begins */
    size_t groups;
    size_t first[HJ212_PARTS_MAX + 1]; /* groups by part, filled by hj212_message_cut */
    size_t parts;
};

void hj212_message_begin(struct hj212_message *message, const struct hj212_fields *fields, struct slice front);
/* Adds the items of one subject, without the ; between. False when there is no room left. */
bool hj212_message_add(struct hj212_message *message, struct slice group);
/* Cuts it; the number of parts, or 0 when a group alone is too long or there are too many (2025 counts to 9). */
size_t hj212_message_cut(struct hj212_message *message);
/* Part 0..parts-1 as a frame with its own QN (17 digits). */
size_t hj212_message_write(const struct hj212_message *message, size_t part, const char *qn,
                           const struct hj212_seal *seal, char *out, size_t size);

/* 9011, 9012, 9013, 9014 for what was received: QN, PW, MN and version of it, ST=91; items may be "". In 2005 the QN
 * stands in the area. The length, or 0. */
size_t hj212_answer(int cn, const struct hj212_segment *to, const char *items, char *out, size_t size);

#endif
