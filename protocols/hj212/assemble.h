/* Messages that come in several frames (PNUM, PNO) are put together again.
 *
 *   a part belongs to the message with the same MN, CN, DataTime and PNUM; without a DataTime to the one message open
 *   for its MN, CN and PNUM. Parts come in any order; repeated ones are ignored; the whole has the header of the part
 * that came last, one DataTime and the items of all parts in the order of PNO.
 *
 * Bounded: ASSEMBLY_SLOTS messages at a time, ASSEMBLY_BYTES each; the oldest gives way. One thread. */
#ifndef CEMSD_HJ212_ASSEMBLE_H
#define CEMSD_HJ212_ASSEMBLE_H

#include "hj212/segment.h"

enum { ASSEMBLY_SLOTS = 8, ASSEMBLY_BYTES = 32 * 1024, ASSEMBLY_PARTS = 64 };

enum hj212_part_result {
    HJ212_PART_SINGLE,  /* no part: use the segment as it is */
    HJ212_PART_WAITING, /* kept; others are missing */
    HJ212_PART_WHOLE,   /* the last one: *whole is the message, valid until the next call */
    HJ212_PART_REPEATED,
    HJ212_PART_REFUSED, /* PNO 0 or above PNUM, too many parts, too long */
    HJ212_PART_RESULTS
};
const char *hj212_part_result_name(enum hj212_part_result result);

struct hj212_assembly;

struct hj212_assembly *hj212_assembly_new(void);
void hj212_assembly_free(struct hj212_assembly *assembly);

/* now_ms: any clock that goes forward; what is older than timeout_ms is given up. */
enum hj212_part_result hj212_assemble(struct hj212_assembly *assembly, const struct hj212_segment *part, int64_t now_ms,
                                      int64_t timeout_ms, struct hj212_segment *whole);
/* Messages given up with parts missing. */
uint64_t hj212_assembly_incomplete(const struct hj212_assembly *assembly);

#endif
