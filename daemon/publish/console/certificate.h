/* The certificate the console shows, and its private key: PEM files, read whole, checked before anything depends on
 * them. Any thread. */
#ifndef CEMSD_PUBLISH_CONSOLE_CERTIFICATE_H
#define CEMSD_PUBLISH_CONSOLE_CERTIFICATE_H

#include "model/error.h"

#include <stdint.h>

enum { CERTIFICATE_BYTES = 65536 };

struct certificate {
    char *chain, *key;    /* PEM, owned; NULL: plain HTTP */
    int64_t not_after_ms; /* of the first of the chain */
};

/* Both paths "" give an empty one. False with err, *certificate untouched: a file that can't be read or is too large, a
 * key others may read, what is not PEM, a key of another certificate. An expired one is read: the page says so itself.
 */
bool certificate_read(const char *chain_path, const char *key_path, struct certificate *certificate, struct error *err);
bool certificate_same(const struct certificate *a, const struct certificate *b);
void certificate_clear(struct certificate *certificate);

#endif
