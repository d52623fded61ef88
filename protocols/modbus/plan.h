/* Poll plan: the fewest Modbus transactions that read all points of a line.
 *
 *   points      0 1      8                 119          (one station, one table, one interval)
 *   blocks     [0 ...... 9]               [119 120]
 *                 gap 6 ≤ max_gap           gap too wide, or the block too long: a new block
 *
 * Greedy by address is optimal for intervals on a line: proof in docs/architecture.md. A block refused with "illegal
 * data address" is split at its widest gap until each part answers or is one point.
 *
 * Owned by one thread. Bounded by the number of points given. */
#ifndef CEMSD_MODBUS_PLAN_H
#define CEMSD_MODBUS_PLAN_H

#include "model/point.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mb_block {
    int station;
    enum mb_table table;
    int address, count; /* registers, or bits in the tables of bits */
    int interval_ms;
    size_t first, point_count; /* a run of plan->sorted */
};

struct mb_plan {
    const struct point *points; /* borrowed; outlives the plan */
    size_t *sorted;             /* indices into points: station, table, interval, address */
    struct mb_block *blocks;    /* room for one block a point */
    size_t point_count, block_count;
};

enum { MB_REGISTERS_MAX = 125, MB_BITS_MAX = 2000 }; /* Modbus Application Protocol V1.1b3, 6.1 to 6.4 */

/* Makes the plan. max_registers 1..125 (tables of bits take 16 bits for each), max_gap in registers likewise.
 * A point wider than max_registers gets a block of its own. False when out of memory. */
bool mb_plan_init(struct mb_plan *plan, const struct point *points, size_t point_count, int max_registers, int max_gap);
void mb_plan_clear(struct mb_plan *plan);

/* Splits block `index` in two at its widest gap (in the middle when there is none): the first part keeps the index, the
 * second goes to the end. False, and nothing changed, when the block is one point or all its points overlap. */
bool mb_plan_split(struct mb_plan *plan, size_t index);

/* Index into plan->points of the n-th point of the block. */
size_t mb_plan_point(const struct mb_plan *plan, const struct mb_block *block, size_t n);

/* Registers or bits the point takes. */
int mb_point_width(const struct point *point);

#endif
