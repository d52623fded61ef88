/* HJ 212 frames in a stream of bytes (HJ 212-2017 6.3; the same in 2005 and 2025):
 *
 *   ##  LLLL  data segment ............... &&  CCCC  CR LF
 *   2   4     LLLL bytes, 0..1024 by the standard  4    2
 *
 * CCCC is the CRC16 of hj212/crc.h over the data segment, in hex with the high byte first. A good CRC proves little
 * (256 values): length and syntax count too. An encrypted data area (2025) has its CRC over the plain text, so that
 * such a frame is HJ212_SEALED until hj212_open (hj212/sm4.h) has read it.
 *
 * Pure, no allocation. Any thread. */
#ifndef CEMSD_HJ212_FRAME_H
#define CEMSD_HJ212_FRAME_H

#include "hj212/crc.h"

enum { HJ212_SEGMENT_MAX = 1024, HJ212_AREA_MAX = 950, HJ212_CEILING = 16384, HJ212_FRAME_MAX = 1036 };

enum hj212_verdict {
    HJ212_OK,
    HJ212_CRC,       /* the length agrees, the CRC does not */
    HJ212_LENGTH,    /* the declared length is not that of the segment */
    HJ212_MALFORMED, /* a head without four digits, or a frame without an end that can be told */
    HJ212_TRUNCATED, /* the stream ended within the frame */
    HJ212_GARBAGE,   /* bytes that belong to no frame */
    HJ212_SEALED,    /* encrypted: whole, its length is right, its CRC can't be told before it is opened */
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
    HJ212_QUIRK_QN_FORM,     /* not 17 digits */
    HJ212_QUIRK_PACKET_FLAG, /* PNUM without the Flag bit that announces it, or the bit without PNUM */
    HJ212_QUIRKS
};
const char *hj212_quirk_name(enum hj212_quirk quirk);

/* How a peer frames where it does not follow the standard. {0} is the standard, with tolerance. */
struct hj212_dialect {
    enum hj212_crc_kind crc;
    unsigned extra_digits; /* digits before the four of the length; 0, or 4 with some serial analyzers */
    size_t ceiling;        /* longest frame, 12..HJ212_CEILING; 0: HJ212_CEILING */
    bool strict;           /* what is tolerated otherwise (lower-case CRC, no CR LF, oversize) is HJ212_MALFORMED */
};

struct hj212_frame {
    enum hj212_verdict verdict;
    size_t offset, bytes; /* where it stands in the input, CR LF included */
    struct slice segment; /* what is between the digits and the CRC, as far as it could be found */
    uint32_t quirks;      /* bit set of enum hj212_quirk */
    unsigned stated;      /* the CRC as sent, when there was one */
    bool sealed;          /* the data area is encrypted */
};

/* Finds the next frame, or run of garbage, at the front of the input. at_end says that no more bytes will come. False
 * with HJ212_NEED_MORE, or at the end of the input. frame->bytes more of the input are used up. dialect NULL: {0}. */
bool hj212_frame_next(struct slice input, size_t offset, bool at_end, const struct hj212_dialect *dialect,
                      struct hj212_frame *frame);

#endif
