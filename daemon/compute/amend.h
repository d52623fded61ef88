/* Samples of minutes that have closed, by the instrument's own time: what an analyzer sends again after its line was
 * down, or a chromatogram that was ready an hour after its sample.
 *
 *   late sample ─► noted ─► its minute of arrival closes ─► the outlet's raw samples from the hour before on are
 * computed once more, each in its place, by a spare outlet nobody sees closed hour, 2-hour that differ from what was
 * told ─► told again (told.h), then the day and longer ones hour, 2-hour in progress ─► go on with the spare's windows
 *
 * So a late value has the same effect as one in time, conversions with the oxygen of its instant included. Minutes stay
 * as they were told. Private to the compute room. */
#ifndef CEMSD_COMPUTE_AMEND_H
#define CEMSD_COMPUTE_AMEND_H

#include "compute/plant_state.h"

enum { AMEND_LATE_MAX = 32768, AMEND_PATIENCE_MINUTES = 10 };

struct amend;

/* NULL when nothing can come late at the plant, or (*failed) memory is short. */
struct amend *amend_new(struct compute *compute, bool *failed);
void amend_free(struct amend *amend);

void amend_note(struct outlet_state *o, int64_t time_ms);
/* Does what is due; at_once: all that is noted. */
void amend_tick(struct compute *compute, bool at_once);

#endif
