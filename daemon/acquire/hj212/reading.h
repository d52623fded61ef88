/* Frames of analyzers become values: which item belongs to which source, what its mark is, and when it was measured.
 *
 *   ... a21026-Rtd=35.2,a21026-Flag=N;w01018-SampleTime=20240601080000,w01018-Rtd=30.1,w01018-Flag=N ...
 *       └─ source by MN and code (2017 or 2005), value of its field, -Flag, -EFlag, -SampleTime in any order
 *
 * A value with a SampleTime is one of a batch analyzer: it counts once, at that time, however often it is repeated.
 * Others count at the gateway's time of arrival, but for those sent again (RF=1), which count at the time of DataTime
 * (of a period: at its end). Private to the room; the loop's thread. */
#ifndef CEMSD_ACQUIRE_HJ212_READING_H
#define CEMSD_ACQUIRE_HJ212_READING_H

#include "acquire/line.h"
#include "hj212/segment.h"
#include "model/plant.h"

struct item_index;

struct item_counts {
    uint64_t values, repeated, unknown_items, unknown_marks, bad_values, bad_times;
};

/* items are borrowed for its life. NULL when memory is short. */
struct item_index *item_index_new(const struct item_source *items, size_t count);
void item_index_free(struct item_index *index);

/* Most values one frame can give. */
size_t item_index_widest(const struct item_index *index);
/* Is the MN one of a source's? */
bool item_index_knows(const struct item_index *index, struct slice mn);

/* What an area's values are of. */
struct item_moment {
    int64_t period_ms; /* length of the period that begins at DataTime: they count once for it; 0: of a moment */
    bool resent;       /* RF=1: they were measured then, not now */
};

/* The values of an area from the device mn: at most room into out, point = index of the source. now_ms: wall clock.
 * Information of an instrument that PolId names (3020) counts for the sources of that instrument only. */
size_t item_index_read(struct item_index *index, struct slice mn, struct slice area, struct item_moment moment,
                       int64_t now_ms, struct acquired *out, size_t room, struct item_counts *counts);

/* The vendor's mark (-EFlag) a source last had, "" before the first. changed: since the last call. */
const char *item_index_eflag(struct item_index *index, size_t item, bool *changed);

#endif
