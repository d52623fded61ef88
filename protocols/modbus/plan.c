#include "modbus/plan.h"

#include "modbus/value.h"

#include <stdlib.h>

int mb_point_width(const struct point *point)
{
    return point->table == MB_COIL || point->table == MB_DISCRETE ? 1 : mb_type_width(point->type);
}

static int point_end(const struct point *point)
{
    return point->address + mb_point_width(point);
}

/* Order of the walk: one run per (station, table, interval), by address within it, input order last so that the plan
 * is the same on every machine. */
static int compare_points(const void *a, const void *b, void *points)
{
    const struct point *all = points, *p = &all[*(const size_t *)a], *q = &all[*(const size_t *)b];
    int keys[][2] = {
        {p->station, q->station}, {(int)p->table, (int)q->table}, {p->interval_ms, q->interval_ms},
        {p->address, q->address}, {point_end(p), point_end(q)},
    };
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
        if (keys[k][0] != keys[k][1])
            return keys[k][0] < keys[k][1] ? -1 : 1;
    return *(const size_t *)a < *(const size_t *)b ? -1 : 1;
}

static bool joins(const struct mb_block *block, const struct point *p, int max_registers, int max_gap)
{
    int scale = p->table == MB_COIL || p->table == MB_DISCRETE ? 16 : 1;
    int end = block->address + block->count;
    if (block->station != p->station || block->table != p->table || block->interval_ms != p->interval_ms)
        return false;
    int new_end = point_end(p) > end ? point_end(p) : end;
    return p->address - end <= max_gap * scale && new_end - block->address <= max_registers * scale;
}

bool mb_plan_init(struct mb_plan *plan, const struct point *points, size_t point_count, int max_registers, int max_gap)
{
    size_t room = point_count ? point_count : 1;
    *plan = (struct mb_plan){.points = points, .point_count = point_count};
    plan->sorted = calloc(room, sizeof *plan->sorted);
    plan->blocks = calloc(room, sizeof *plan->blocks);
    if (!plan->sorted || !plan->blocks) {
        mb_plan_clear(plan);
        return false;
    }
    for (size_t i = 0; i < point_count; i++)
        plan->sorted[i] = i;
    qsort_r(plan->sorted, point_count, sizeof *plan->sorted, compare_points, (void *)(uintptr_t)points);
    for (size_t i = 0; i < point_count; i++) {
        const struct point *p = &points[plan->sorted[i]];
        struct mb_block *last = plan->block_count ? &plan->blocks[plan->block_count - 1] : NULL;
        if (last && joins(last, p, max_registers, max_gap)) {
            if (point_end(p) > last->address + last->count)
                last->count = point_end(p) - last->address;
            last->point_count++;
            continue;
        }
        plan->blocks[plan->block_count++] = (struct mb_block){
            .station = p->station,
            .table = p->table,
            .address = p->address,
            .count = mb_point_width(p),
            .interval_ms = p->interval_ms,
            .first = i,
            .point_count = 1,
        };
    }
    return true;
}

void mb_plan_clear(struct mb_plan *plan)
{
    free(plan->sorted);
    free(plan->blocks);
    *plan = (struct mb_plan){0};
}

size_t mb_plan_point(const struct mb_plan *plan, const struct mb_block *block, size_t n)
{
    return plan->sorted[block->first + n];
}

static void measure(const struct mb_plan *plan, struct mb_block *block)
{
    const struct point *first = &plan->points[plan->sorted[block->first]];
    int end = point_end(first);
    for (size_t n = 1; n < block->point_count; n++) {
        int e = point_end(&plan->points[mb_plan_point(plan, block, n)]);
        end = e > end ? e : end;
    }
    block->address = first->address;
    block->count = end - first->address;
}

bool mb_plan_split(struct mb_plan *plan, size_t index)
{
    struct mb_block *block = &plan->blocks[index];
    size_t cut = 0, middle = block->point_count / 2;
    int widest = -1;
    int end = point_end(&plan->points[mb_plan_point(plan, block, 0)]);
    for (size_t n = 1; n < block->point_count; n++) {
        const struct point *p = &plan->points[mb_plan_point(plan, block, n)];
        int gap = p->address - end;
        size_t off = n > middle ? n - middle : middle - n, best = cut > middle ? cut - middle : middle - cut;
        if (gap > widest || (gap == widest && gap >= 0 && off < best)) {
            widest = gap;
            cut = n;
        }
        end = point_end(p) > end ? point_end(p) : end;
    }
    if (widest < 0 || plan->block_count >= plan->point_count)
        return false;
    struct mb_block second = *block;
    second.first = block->first + cut;
    second.point_count = block->point_count - cut;
    block->point_count = cut;
    measure(plan, block);
    measure(plan, &second);
    plan->blocks[plan->block_count++] = second;
    return true;
}
