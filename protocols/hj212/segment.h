/* The data segment: header fields and the items of its data area (HJ 212-2017 6.3.2, annex A; 2025 adds RF).
 *
 *   QN=..;ST=..;CN=..;PW=..;MN=..;Flag=..;[PNUM=..;PNO=..;][RF=1;]CP=&&name=value,name=value;name=value&&
 *
 * Fields and items are slices of the segment; nothing is copied or allocated. Pure. Any thread. */
#ifndef CEMSD_HJ212_SEGMENT_H
#define CEMSD_HJ212_SEGMENT_H

#include "hj212/frame.h"

enum { HJ212_FLAG_ACK = 1, HJ212_FLAG_PACKETS = 2 }; /* an answer is wanted; PNUM and PNO follow */
/* 2005, 2017, 2025 by bits 7..2; 0 for others. */
int hj212_flag_version(unsigned flags);

struct hj212_segment {
    struct slice qn, st, cn, pw, mn, flag, pnum, pno, rf; /* at NULL when absent */
    unsigned flags;                                       /* value of Flag, 0 when absent */
    int version;       /* 2005, 2017, 2025 by the Flag's bits; 0 when they say another */
    struct slice area; /* between the two && */
    uint32_t quirks;
};

/* Cuts the segment. False when it is no segment at all: neither ST nor CN nor CP. */
bool hj212_segment_parse(struct slice segment, struct hj212_segment *out);

struct hj212_item {
    struct slice code, field, value; /* plain items have code "" : DataTime; others a21026 and Rtd */
    char ends;                       /* the separator behind it, , or ; — 0 at the end of the area */
};

/* Takes the next item off the front of *rest; false at the end. , and ; separate alike; a value that begins with //
 * ends with //. quirks are added to. */
bool hj212_item_next(struct slice *rest, struct hj212_item *item, uint32_t *quirks);

#endif
