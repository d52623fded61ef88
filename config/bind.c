#include "config/bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool bind_parse(const char *bind, char address[64], int *port)
{
    const char *colon = strrchr(bind, ':');
    char *end = NULL;
    if (!colon || colon == bind || colon - bind >= 64)
        return false;
    bool bracketed = bind[0] == '[' && colon[-1] == ']';
    snprintf(address, 64, "%.*s", (int)(colon - bind) - (bracketed ? 2 : 0), bind + bracketed);
    long number = strtol(colon + 1, &end, 10);
    *port = (int)number;
    return colon[1] >= '0' && colon[1] <= '9' && *end == '\0' && number >= 1 && number <= 65535;
}
