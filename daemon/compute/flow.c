/* Flow of an outlet.
 *
 *   gas    velocity a01011 ─► dry standard m3/h (needs duct, T, P, X), or a flow meter a00000 in m3/s by its own basis
 *   water  flow meter w00000 in L/s, or a totalizer: Δcount · m3_per_count / Δt
 *
 * One of them is the outlet's: velocity before flow meter. */
#include "compute/outlet.h"

#include "compute/convert.h"
#include "model/instant.h"

#include <math.h>

/* Dry standard m3/h of a gas flow meter that sends m3/s in its own basis. The way of a flow is the inverse of a
 * concentration's. */
static bool meter_flow(const struct outlet_state *o, const struct channel_state *c, int64_t time_ms, double *flow,
                       bool *assumed)
{
    double temperature = 0, pressure = 0, moisture = 0, factor = 1;
    const struct basis *basis = &c->channel->basis;
    if (basis->state == STATE_ACTUAL &&
        (!outlet_sibling(o, ROLE_TEMPERATURE, time_ms, &temperature) ||
         !outlet_sibling(o, ROLE_PRESSURE, time_ms, &pressure) ||
         convert_to_standard_state(1, temperature, pressure, o->outlet->duct.ambient_kpa, &factor) != CONVERT_OK))
        return false;
    double dry = 1;
    if (basis->moisture == MOISTURE_WET &&
        (!outlet_moisture(o, time_ms, &moisture, assumed) || convert_to_dry(1, moisture, &dry) != CONVERT_OK))
        return false;
    *flow = c->value * 3600 / factor / dry;
    return true;
}

static bool velocity_flow(const struct outlet_state *o, const struct channel_state *c, int64_t time_ms, double *flow,
                          bool *assumed)
{
    const struct duct *duct = &o->outlet->duct;
    double temperature, pressure, moisture;
    return outlet_sibling(o, ROLE_TEMPERATURE, time_ms, &temperature) &&
           outlet_sibling(o, ROLE_PRESSURE, time_ms, &pressure) && outlet_moisture(o, time_ms, &moisture, assumed) &&
           convert_flow(c->value, duct->area_m2, duct->velocity_factor, temperature, pressure, duct->ambient_kpa,
                        moisture, flow) == CONVERT_OK;
}

struct channel_state *flow_channel(const struct outlet_state *o)
{
    bool duct = o->outlet->medium == MEDIUM_GAS && o->outlet->has_duct && isfinite(o->outlet->duct.area_m2);
    return duct && o->role[ROLE_VELOCITY] ? o->role[ROLE_VELOCITY] : o->role[ROLE_FLOW];
}

void flow_sample(struct outlet_state *o, struct channel_state *c, int64_t time_ms)
{
    struct quantum q = {.mark = c->mark, .value = NAN, .converted = NAN, .weight = NAN};
    if (c != flow_channel(o))
        return;
    if (q.mark == MARK_N) {
        bool known = true;
        if (o->outlet->medium == MEDIUM_WATER)
            q.value = c->value;
        else if (c->channel->role == ROLE_VELOCITY)
            known = velocity_flow(o, c, time_ms, &q.value, &q.assumed);
        else
            known = meter_flow(o, c, time_ms, &q.value, &q.assumed);
        q.mark = known ? MARK_N : MARK_D;
    }
    outlet_add(o, &o->flow, time_ms, &q);
}

double flow_latest(const struct outlet_state *o, int64_t time_ms)
{
    double flow;
    return outlet_sibling(o, ROLE_FLOW, time_ms, &flow) && flow >= 0 ? flow : NAN;
}

/* The first count only starts; a count that fell either rolled over or was reset: if the way over the top is a flow the
 * meter can have, it rolled. What was discharged at a reset is unknown, so that sample is not valid. */
void flow_of_totalizer(struct channel_state *c, int64_t time_ms, double count, double *flow, enum mark *mark)
{
    const struct totalizer *t = &c->channel->totalizer;
    double before = c->book->count;
    double seconds = c->book->count_ms == INSTANT_NONE ? 0 : (double)(time_ms - c->book->count_ms) / 1000;
    c->book->count = count;
    c->book->count_ms = time_ms;
    *flow = NAN;
    *mark = MARK_D;
    if (!(seconds > 0)) /* the first, or a clock that stepped back */
        return;
    double counts = count >= before ? count - before : t->rollover > 0 ? count + t->rollover - before : -1;
    double litres_per_s = counts * t->m3_per_count * 1000 / seconds;
    if (counts < 0 || litres_per_s > t->max_flow)
        return;
    *flow = litres_per_s;
    *mark = MARK_N;
}
