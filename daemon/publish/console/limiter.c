#include "publish/console/limiter.h"

#include <netinet/in.h>
#include <string.h>

static void key_of(const struct sockaddr *address, uint8_t key[16])
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    memset(key, 0, 16);
    if (address && address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        memcpy(key, &v4.sin_addr, sizeof v4.sin_addr);
    } else if (address && address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        memcpy(key, &v6.sin6_addr, 8); /* a subscriber has a whole /64 */
    }
}

bool limiter_take(struct limiter *limiter, const struct sockaddr *address, int tokens, int64_t now_ms)
{
    uint8_t key[16];
    unsigned hash = 2166136261U; /* FNV-1a */
    key_of(address, key);
    for (int i = 0; i < 16; i++)
        hash = (hash ^ key[i]) * 16777619U;
    struct bucket *b = &limiter->buckets[hash % LIMITER_BUCKETS];
    if (b->since_ms == 0 || memcmp(b->address, key, sizeof key) != 0) {
        memcpy(b->address, key, sizeof key);
        b->since_ms = now_ms;
        b->tokens = LIMITER_BURST;
    }
    double more = (double)(now_ms - b->since_ms) * LIMITER_PER_S / 1000;
    b->tokens = b->tokens + more < LIMITER_BURST ? b->tokens + more : LIMITER_BURST;
    b->since_ms = now_ms;
    if (b->tokens < tokens) {
        limiter->refused++;
        return false;
    }
    b->tokens -= tokens;
    return true;
}
