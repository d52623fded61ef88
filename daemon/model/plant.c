#include "model/plant.h"

#include <math.h>
#include <string.h>

bool outlet_find(const struct outlet *outlet, const char *factor, size_t *place)
{
    for (size_t c = 0; c < outlet->channel_count; c++) {
        if (outlet->channels[c].factor && strcmp(outlet->channels[c].factor->code, factor) == 0) {
            *place = c;
            return true;
        }
    }
    return false;
}

static bool is_channel(const struct plant *plant, size_t index, const char *outlet, const char *factor)
{
    return strcmp(plant->channels[index]->factor->code, factor) == 0 &&
           strcmp(plant->outlet_of[index]->id, outlet) == 0;
}

const struct channel *plant_find(const struct plant *plant, const char *outlet, const char *factor, uint32_t *hint)
{
    size_t place, at = *hint < plant->channel_count ? *hint : 0;
    if (plant->channel_count == 0)
        return NULL;
    if (is_channel(plant, at, outlet, factor)) {
        *hint = (uint32_t)at + 1;
        return plant->channels[at];
    }
    for (size_t n = 0; n < plant->outlet_count; n++) {
        const struct outlet *o = &plant->outlets[(plant->outlet_of[at]->index + n) % plant->outlet_count];
        if (strcmp(o->id, outlet) != 0 || !outlet_find(o, factor, &place))
            continue;
        *hint = o->channels[place].index + 1;
        return &o->channels[place];
    }
    return NULL;
}

bool outlet_converts(const struct outlet *outlet, const struct channel *channel)
{
    return outlet->medium == MEDIUM_GAS && channel->role == ROLE_POLLUTANT && isfinite(outlet->reference_o2);
}
