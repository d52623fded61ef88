/* How often one address may ask: a bucket of tokens each, in a table of fixed size; who hashes to a bucket of somebody
 * else takes it over. A proxy on the gateway is one address for all behind it, so the rate is generous. Private to the
 * console. */
#ifndef CEMSD_PUBLISH_CONSOLE_LIMITER_H
#define CEMSD_PUBLISH_CONSOLE_LIMITER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { LIMITER_BUCKETS = 256, LIMITER_PER_S = 200, LIMITER_BURST = 400, LIMITER_TLS = 10 /* what a handshake costs */ };

struct limiter {
    struct bucket {
        uint8_t address[16];
        int64_t since_ms;
        double tokens;
    } buckets[LIMITER_BUCKETS];
    uint64_t refused;
};

/* Takes tokens of the address; false when it has not got so many. */
bool limiter_take(struct limiter *limiter, const struct sockaddr *address, int tokens, int64_t now_ms);

#endif
