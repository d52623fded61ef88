/* What the plant is doing: the first row of the outlet's table that fits, minute by minute; a longer period has the
 * state it had most of its parts: hours of minutes, days of hours, months of days, quarters and years of months (of
 * equals, the one that is judged less). Without a table the state is unknown and everything is judged. */
#include "compute/outlet.h"

#include <math.h>
#include <string.h>

static bool fits(const struct outlet_state *o, const struct state_rule *rule, const struct period_record *record)
{
    const struct reading *reading = &record->readings[rule->channel];
    if (isfinite(rule->is)) {
        const struct channel_state *c = &o->channels[rule->channel];
        return c->mark == MARK_N && c->value == rule->is;
    }
    double value = reading->mark == MARK_N ? reading->value : NAN;
    return isfinite(value) && !(value <= rule->above) && !(value >= rule->below);
}

void operation_minute(struct outlet_state *o, const struct period_record *record)
{
    const struct operation *operation = &o->outlet->operation;
    int state = -1;
    if (!o->outlet->has_operation)
        return;
    for (size_t i = 0; i < operation->rule_count; i++) {
        o->rule_minutes[i] = fits(o, &operation->rules[i], record) ? o->rule_minutes[i] + 1 : 0;
        if (state < 0 && o->rule_minutes[i] >= operation->rules[i].minutes)
            state = (int)operation->rules[i].state;
    }
    o->condition = state < 0 ? (int)operation->otherwise : state;
}

void operation_feed(struct outlet_state *o, enum period period, int condition)
{
    static const struct {
        enum period first, last; /* what it is a part of */
    } ABOVE[PERIODS] = {
        [PERIOD_MINUTE] = {PERIOD_5MIN, PERIOD_2HOUR},
        [PERIOD_HOUR] = {PERIOD_DAY, PERIOD_DAY},
        [PERIOD_DAY] = {PERIOD_MONTH, PERIOD_MONTH},
        [PERIOD_MONTH] = {PERIOD_QUARTER, PERIOD_YEAR},
    };
    if (condition < 0 || ABOVE[period].first == PERIOD_REALTIME)
        return;
    for (int p = (int)ABOVE[period].first; p <= (int)ABOVE[period].last; p++)
        if (o->parts_in[p][condition] < UINT16_MAX)
            o->parts_in[p][condition]++;
}

enum treatment operation_treatment(const struct outlet_state *o, int condition)
{
    return condition < 0 ? TREAT_JUDGE : o->outlet->operation.treatment[condition];
}

void operation_of(struct outlet_state *o, struct period_record *record)
{
    uint16_t *parts = o->parts_in[record->period];
    record->condition = o->condition;
    if (o->outlet->has_operation && record->period > PERIOD_MINUTE) {
        int most = -1;
        for (int s = 0; s < OPERATING_STATES; s++) {
            bool stricter =
                most >= 0 && parts[s] == parts[most] && operation_treatment(o, s) > operation_treatment(o, most);
            if (parts[s] > 0 && (most < 0 || parts[s] > parts[most] || stricter))
                most = s;
        }
        record->condition = most;
        memset(parts, 0, sizeof o->parts_in[0]);
    }
    operation_feed(o, record->period, record->condition);
    record->judged = operation_treatment(o, record->condition) == TREAT_JUDGE;
}
