/* Where to listen, as a person writes it. Pure. Any thread. */
#ifndef CEMSD_CONFIG_BIND_H
#define CEMSD_CONFIG_BIND_H

#include <stdbool.h>
#include <sys/socket.h>

/* Cuts "ADDRESS:PORT" or "[ADDRESS]:PORT" apart; false when it is anything else. */
bool bind_parse(const char *bind, char address[64], int *port);
/* The same as what bind(2) takes; false also when ADDRESS is no number of IPv4 or IPv6. */
bool bind_resolve(const char *bind, struct sockaddr_storage *where, socklen_t *length);

#endif
