#include "publish/value.h"

#include "model/instant.h"

#include <math.h>
#include <stdlib.h>

json_t *value_instant(int64_t instant_ms)
{
    char text[INSTANT_TEXT];
    return instant_ms == INSTANT_NONE ? json_null() : json_string(instant_format(instant_ms, text));
}

json_t *value_figure(double figure)
{
    return isfinite(figure) ? json_real(figure) : json_null();
}

json_t *value_text(const char *text, size_t length)
{
    if (!text)
        return json_null();
    json_t *exact = json_stringn(text, length);
    if (exact)
        return exact;
    char *safe = malloc(length + 1);
    for (size_t i = 0; safe && i < length; i++)
        safe[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
    json_t *made = safe ? json_stringn(safe, length) : NULL;
    free(safe);
    return made ? made : json_null();
}
