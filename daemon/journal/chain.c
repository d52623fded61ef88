#include "journal/chain.h"

#include <openssl/evp.h>
#include <string.h>

static const char *const NAMES[CHAIN_HASHES] = {"sha256", "sm3"};

const char *chain_hash_name(enum chain_hash hash)
{
    return NAMES[hash];
}

bool chain_hash_parse(const char *name, enum chain_hash *hash)
{
    *hash = CHAIN_SHA256;
    for (int i = 0; name && i < CHAIN_HASHES; i++)
        if (strcmp(name, NAMES[i]) == 0) {
            *hash = (enum chain_hash)i;
            return true;
        }
    return !name;
}

static const EVP_MD *method(enum chain_hash hash)
{
    return hash == CHAIN_SM3 ? EVP_sm3() : EVP_sha256();
}

bool chain_digest(enum chain_hash hash, const void *bytes, size_t length, uint8_t digest[CHAIN_BYTES])
{
    return EVP_Digest(bytes, length, digest, NULL, method(hash), NULL) == 1;
}

bool chain_next(enum chain_hash hash, const uint8_t before[CHAIN_BYTES], const void *body, size_t length,
                uint8_t after[CHAIN_BYTES])
{
    static _Thread_local EVP_MD_CTX *context; /* one for the thread's life: a fresh one costs more than the hash */
    if (!context && !(context = EVP_MD_CTX_new()))
        return false;
    return EVP_DigestInit_ex(context, method(hash), NULL) == 1 && EVP_DigestUpdate(context, before, CHAIN_BYTES) == 1 &&
           EVP_DigestUpdate(context, body, length) == 1 && EVP_DigestFinal_ex(context, after, NULL) == 1;
}

char *hex_encode(const uint8_t *bytes, size_t length, char *text)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = DIGITS[bytes[i] >> 4];
        text[2 * i + 1] = DIGITS[bytes[i] & 15];
    }
    text[2 * length] = '\0';
    return text;
}

bool hex_decode(const char *text, uint8_t *bytes, size_t length)
{
    if (strlen(text) != 2 * length)
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned value = 0;
        for (int d = 0; d < 2; d++) {
            char c = text[2 * i + (size_t)d];
            unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                             : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                             : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                    : 16U;
            if (digit > 15)
                return false;
            value = value * 16 + digit;
        }
        bytes[i] = (uint8_t)value;
    }
    return true;
}
