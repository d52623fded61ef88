/* Where to listen, as a person writes it. Pure. Any thread. */
#ifndef CEMSD_CONFIG_BIND_H
#define CEMSD_CONFIG_BIND_H

#include <stdbool.h>

/* Cuts "ADDRESS:PORT" or "[ADDRESS]:PORT" apart; false when it is anything else. */
bool bind_parse(const char *bind, char address[64], int *port);

#endif
