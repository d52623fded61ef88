/* HJ 212 frames in a stream of bytes (HJ 212-2017 6.3; the same in 2025):
 *
 *   ##  LLLL  data segment ............... &&  CCCC  CR LF
 *   2   4     LLLL bytes, 0..1024 by the standard  4    2
 *
 * CCCC is the standard's own CRC16, over the data segment, in hex with the high byte first. It has 256 values only
 * (each byte throws away the low half), so that a good CRC proves little: length and syntax count too.
 *
 * Pure, no allocation. Any thread. */
#ifndef CEMSD_HJ212_FRAME_H
#define CEMSD_HJ212_FRAME_H

#include "model/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { HJ212_SEGMENT_MAX = 1024, HJ212_CEILING = 16384 };

enum hj212_verdict {
    HJ212_OK,
    HJ212_CRC,       /* the length agrees, the CRC does not */
    HJ212_LENGTH,    /* the declared length is not that of the segment */
    HJ212_MALFORMED, /* a head without four digits, or a frame without an end that can be told */
    HJ212_TRUNCATED, /* the stream ended within the frame */
    HJ212_GARBAGE,   /* bytes that belong to no frame */
    HJ212_NEED_MORE, /* not yet: wait for more bytes */
    HJ212_VERDICTS
};
const char *hj212_verdict_name(enum hj212_verdict verdict);

/* Oddities that are tolerated and named. */
enum hj212_quirk {
    HJ212_QUIRK_LOWER_CASE_CRC,
    HJ212_QUIRK_NO_CRLF,
    HJ212_QUIRK_OVERSIZE, /* a segment above 1024 bytes */
    HJ212_QUIRK_NO_QN,
    HJ212_QUIRK_NO_FLAG,
    HJ212_QUIRK_MN_LENGTH,   /* not 24 characters where the version asks for them */
    HJ212_QUIRK_FIELD_ORDER, /* PNO before PNUM, and the like */
    HJ212_QUIRK_UNKNOWN_FIELD,
    HJ212_QUIRK_EMPTY_ITEM, /* ;; or a separator before the end */
    HJ212_QUIRK_BARE_ITEM,  /* an item without = */
    HJ212_QUIRK_BLANKS,     /* around = or a name */
    HJ212_QUIRK_REPEATED_ITEM,
    HJ212_QUIRK_NO_CLOSING, /* && missing before the CRC */
    HJ212_QUIRK_NO_CP,
    HJ212_QUIRKS
};
const char *hj212_quirk_name(enum hj212_quirk quirk);

struct hj212_frame {
    enum hj212_verdict verdict;
    size_t offset, bytes; /* where it stands in the input, CR LF included */
    struct slice segment; /* what is between the digits and the CRC, as far as it could be found */
    uint32_t quirks;      /* bit set of enum hj212_quirk */
};

uint16_t hj212_crc(struct slice segment);

/* Finds the next frame, or run of garbage, at the front of the input. at_end says that no more bytes will come. False
 * with HJ212_NEED_MORE, or at the end of the input. frame->bytes more of the input are used up. In strict mode what is
 * tolerated otherwise (lower-case CRC, no CR LF, oversize) is HJ212_MALFORMED. */
bool hj212_frame_next(struct slice input, size_t offset, bool at_end, bool strict, struct hj212_frame *frame);

#endif
