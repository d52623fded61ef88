#include "publish/feed/peers.h"

#include "publish/feed/curve.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct address {
    in_port_t port; /* 0: none */
    uint8_t host[16];
};

struct peer {
    struct address address;
    char user[CURVE_Z85];
};

static struct address address_of(int fd)
{
    struct sockaddr_storage name = {0};
    socklen_t size = sizeof name;
    struct address address = {0};
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (getpeername(fd, (struct sockaddr *)&name, &size) != 0)
        return address;
    if (name.ss_family == AF_INET) {
        memcpy(&v4, &name, sizeof v4);
        address.port = v4.sin_port;
        memcpy(address.host, &v4.sin_addr, sizeof v4.sin_addr);
    } else if (name.ss_family == AF_INET6) {
        memcpy(&v6, &name, sizeof v6);
        address.port = v6.sin6_port;
        memcpy(address.host, &v6.sin6_addr, sizeof v6.sin6_addr);
    }
    return address;
}

static bool grow(struct peers *peers, size_t least)
{
    size_t room = peers->room > 0 ? peers->room : 256;
    while (room <= least)
        room *= 2;
    struct peer *more = room <= PEERS_MOST ? realloc(peers->at, room * sizeof *more) : NULL;
    if (!more)
        return false;
    memset(more + peers->room, 0, (room - peers->room) * sizeof *more);
    peers->at = more;
    peers->room = room;
    return true;
}

void peers_note(struct peers *peers, int fd, const char *user)
{
    size_t at = (size_t)fd;
    if (fd < 0 || at >= PEERS_MOST || (at >= peers->room && !grow(peers, at)))
        return;
    struct peer *peer = &peers->at[at];
    peer->address = address_of(fd);
    strncpy(peer->user, user, sizeof peer->user - 1);
}

size_t peers_cut(struct peers *peers, const char *user)
{
    size_t cut = 0;
    for (size_t fd = 0; fd < peers->room; fd++) {
        struct peer *peer = &peers->at[fd];
        if (peer->address.port == 0 || strcmp(peer->user, user) != 0)
            continue;
        struct address now = address_of((int)fd);
        if (now.port == peer->address.port && memcmp(now.host, peer->address.host, sizeof now.host) == 0 &&
            shutdown((int)fd, SHUT_RDWR) == 0)
            cut++;
        peer->address.port = 0;
    }
    return cut;
}

void peers_clear(struct peers *peers)
{
    free(peers->at);
    *peers = (struct peers){0};
}
