/* Which connection of a CURVE feed is whose, so that a client struck off the list, or allowed other topics than before,
 * is cut from what it has. libzmq takes a client's word once, at the handshake; a publishing socket can't send one peer
 * away, so its TCP connection is shut down under it:
 *
 *   subscription ─► peers_note: file descriptor ─► client's key, its address and port
 *   list read again ─► peers_cut(key): shutdown(2) of each descriptor that still leads to that address and port
 *
 * What was closed and opened anew meanwhile is another address or port and stays. One thread. */
#ifndef CEMSD_PUBLISH_FEED_PEERS_H
#define CEMSD_PUBLISH_FEED_PEERS_H

#include <stddef.h>

struct peer;

struct peers {
    struct peer *at; /* by descriptor */
    size_t room;     /* at most PEERS_MOST */
};

enum { PEERS_MOST = 65536 };

/* fd -1 (no TCP) and one beyond the bound are not noted. */
void peers_note(struct peers *peers, int fd, const char *user);
/* How many connections of the user were cut. */
size_t peers_cut(struct peers *peers, const char *user);
void peers_clear(struct peers *peers);

#endif
