#include "config/bind.h"

#include <arpa/inet.h>
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

bool bind_resolve(const char *bind, struct sockaddr_storage *where, socklen_t *length)
{
    char address[64];
    int port;
    struct sockaddr_in *v4 = (struct sockaddr_in *)where;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)where;
    memset(where, 0, sizeof *where);
    if (!bind_parse(bind, address, &port))
        return false;
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        *length = sizeof *v4;
        return true;
    }
    if (inet_pton(AF_INET6, address, &v6->sin6_addr) != 1)
        return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    *length = sizeof *v6;
    return true;
}
