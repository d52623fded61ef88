/* Raw samples for recompute: rows of a CSV file or the samples of a journal, forward in the order in which they came,
 * and again by outlet and time when computing asks for the past (compute.h, history). */
#ifndef CEMSD_CTL_RAW_H
#define CEMSD_CTL_RAW_H

#include "compute/compute.h"
#include "ctl/ctl.h"

struct raw;

/* ctl->samples names the file, or ctl->from_journal asks for the journal. NULL with *code. */
struct raw *raw_open(struct ctl *ctl, const struct plant *plant, int *code);
void raw_close(struct raw *raw);

/* All of them. A row of CSV that is more than a second older than one before it came late, by its own time. */
int raw_each(struct raw *raw, void (*each)(void *owner, const struct sample *sample, bool first_of_group), void *owner);
/* The past ends with the sample now handed to each. */
void raw_mark(struct raw *raw);
/* Those of the outlet with from_ms ≤ time < to_ms that came up to the mark. False when the source can't be read twice.
 */
bool raw_again(struct raw *raw, const struct outlet *outlet, int64_t from_ms, int64_t to_ms, compute_give give,
               void *with);

#endif
