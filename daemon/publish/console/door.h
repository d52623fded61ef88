/* The console's door: a listening socket of its own and, behind it, libmicrohttpd on the loop's epoll.
 *
 *   listener ─► admit(owner) ─► libmicrohttpd (plain, or TLS with the certificate) ─► request(owner)
 *                 └─ replaced when the certificate is renewed: the listener stays, so nobody is turned away meanwhile
 *
 * The loop's thread. Private to the console. */
#ifndef CEMSD_PUBLISH_CONSOLE_DOOR_H
#define CEMSD_PUBLISH_CONSOLE_DOOR_H

#include "publish/console/certificate.h"

#include <microhttpd.h>
#include <uv.h>

struct door {
    uv_loop_t *loop;
    const char *bind;
    MHD_AcceptPolicyCallback admit;
    MHD_AccessHandlerCallback request;
    void (*turn)(void *owner); /* something can be read or written: door_turn */
    void *owner;
    int listener;
    struct MHD_Daemon *http;
    uv_poll_t *poll;
    uv_timer_t *timer;
    struct certificate certificate;
};

/* loop, bind, admit, request, turn and owner are set; takes the certificate over when it is good. */
bool door_open(struct door *door, struct certificate *certificate, struct error *err);
/* The same with another certificate: connections under the old one end (the owner says good-bye to them first). False:
 * the old one stays. */
bool door_change(struct door *door, struct certificate *certificate, void (*part)(void *owner), struct error *err);
/* Lets libmicrohttpd run, and comes again when it wants to. */
void door_turn(struct door *door);
/* At once; its handles free themselves on the loop. */
void door_close(struct door *door);

#endif
