#include "publish/value.h"

#include "model/instant.h"

#include <math.h>

json_t *value_instant(int64_t instant_ms)
{
    char text[INSTANT_TEXT];
    return instant_ms == INSTANT_NONE ? json_null() : json_string(instant_format(instant_ms, text));
}

json_t *value_figure(double figure)
{
    return isfinite(figure) ? json_real(figure) : json_null();
}
