/* What the plant is doing: the first row of the outlet's table that fits, minute by minute; a longer period has the
 * state it had most of its minutes (of equals, the one that is judged less). Without a table the state is unknown and
 * everything is judged. */
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
    for (int p = PERIOD_5MIN; p < PERIODS; p++)
        if (o->minutes_in[p][o->condition] < UINT16_MAX)
            o->minutes_in[p][o->condition]++;
}

enum treatment operation_treatment(const struct outlet_state *o, int condition)
{
    return condition < 0 ? TREAT_JUDGE : o->outlet->operation.treatment[condition];
}

void operation_of(struct outlet_state *o, struct period_record *record)
{
    uint16_t *minutes = o->minutes_in[record->period];
    record->condition = o->condition;
    if (o->outlet->has_operation && record->period > PERIOD_MINUTE) {
        int most = -1;
        for (int s = 0; s < OPERATING_STATES; s++) {
            bool stricter =
                most >= 0 && minutes[s] == minutes[most] && operation_treatment(o, s) > operation_treatment(o, most);
            if (minutes[s] > 0 && (most < 0 || minutes[s] > minutes[most] || stricter))
                most = s;
        }
        record->condition = most;
        memset(minutes, 0, sizeof o->minutes_in[0]);
    }
    record->judged = operation_treatment(o, record->condition) == TREAT_JUDGE;
}
