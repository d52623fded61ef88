/* The Authorization header of a request, whatever somebody sends: one that names the secret is let in, no other is. */
#include "publish/console/access.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char SECRET[] = "0123456789abcdef0123456789abcdef";
    struct access_list list = {.count = 1, .entries = {{.name = "gate"}}};
    char *header = malloc(size + 1);
    if (!header || !chain_digest(CHAIN_SHA256, SECRET, sizeof SECRET - 1, list.entries[0].digest))
        abort();
    memcpy(header, bytes, size);
    header[size] = '\0';
    bool let_in = access_allows(&list, header);
    /* the secret in the clear, or "gate:" and it in base64, whose last letters may be written in more ways */
    if (let_in && !strstr(header, SECRET) && !strstr(header, "Z2F0ZTowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2Rl"))
        abort();
    free(header);
    return 0;
}
