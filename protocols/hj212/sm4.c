#include "hj212/sm4.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum { BLOCK = 16, GROUP = 5 /* characters of "0xE4," */ };

struct hj212_key {
    EVP_CIPHER_CTX *seal, *open;
};

static EVP_CIPHER_CTX *context(const uint8_t bytes[HJ212_KEY_BYTES], int encrypt)
{
    EVP_CIPHER_CTX *made = EVP_CIPHER_CTX_new();
    if (made && EVP_CipherInit_ex(made, EVP_sm4_ecb(), NULL, bytes, NULL, encrypt) == 1 &&
        EVP_CIPHER_CTX_set_padding(made, 0) == 1)
        return made;
    EVP_CIPHER_CTX_free(made);
    return NULL;
}

struct hj212_key *hj212_key_new(const uint8_t bytes[HJ212_KEY_BYTES])
{
    struct hj212_key *key = calloc(1, sizeof *key);
    if (key && (key->seal = context(bytes, 1)) && (key->open = context(bytes, 0)))
        return key;
    hj212_key_free(key);
    return NULL;
}

void hj212_key_free(struct hj212_key *key)
{
    if (!key)
        return;
    EVP_CIPHER_CTX_free(key->seal);
    EVP_CIPHER_CTX_free(key->open);
    free(key);
}

static int nibble(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* "0xE4,0x3E" into bytes; their number, or 0 when it is anything else. */
static size_t read_groups(struct slice text, unsigned char *out, size_t room)
{
    size_t n = 0;
    for (size_t at = 0; at < text.len; at += GROUP, n++) {
        if (at + 4 > text.len || n == room || text.at[at] != '0' || (text.at[at + 1] | 32) != 'x')
            return 0;
        int high = nibble(text.at[at + 2]), low = nibble(text.at[at + 3]);
        bool last = at + 4 == text.len;
        if (high < 0 || low < 0 || (!last && text.at[at + 4] != ',') || at + GROUP == text.len)
            return 0;
        out[n] = (unsigned char)(high * 16 + low);
    }
    return n;
}

/* The plain area into out; its length, or SIZE_MAX when the area is not one that was sealed. */
static size_t open_area(struct hj212_key *key, struct slice area, char *out, size_t room)
{
    size_t close = slice_find(area, 0, "}");
    struct slice tail = slice_drop(area, close + 1), groups = slice_drop(slice_take(area, close), 1);
    unsigned char *bytes = (unsigned char *)out;
    int n = 0;
    size_t length = read_groups(groups, bytes, room);
    if (close == area.len || length == 0 || length % BLOCK != 0 || tail.len >= BLOCK || length + tail.len > room)
        return SIZE_MAX;
    if (EVP_CipherUpdate(key->open, bytes, &n, bytes, (int)length) != 1 || (size_t)n != length)
        return SIZE_MAX;
    memcpy(out + length, tail.at, tail.len);
    return length + tail.len;
}

/* What a wrong key yields seldom is text. */
static bool is_text(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7F)
            return false;
    return true;
}

void hj212_open(struct hj212_key *key, struct hj212_frame *frame, bool strict, char *room, size_t size)
{
    size_t at = slice_find(frame->segment, 0, "CP=&&") + 5;
    frame->verdict = HJ212_MALFORMED;
    if (frame->segment.len < at + 2 || at + 2 > size)
        return;
    struct slice area = slice_take(slice_drop(frame->segment, at), frame->segment.len - at - 2);
    size_t length = open_area(key, area, room + at, size - at - 2);
    if (length == SIZE_MAX)
        return;
    memcpy(room, frame->segment.at, at);
    room[at + length] = room[at + length + 1] = '&';
    frame->segment = (struct slice){room, at + length + 2};
    bool good = hj212_crc(frame->segment) == frame->stated && is_text(frame->segment);
    frame->verdict = !good ? HJ212_CRC : strict && frame->quirks != 0 ? HJ212_MALFORMED : HJ212_OK;
}

size_t hj212_seal(struct hj212_key *key, struct slice plain, char *out, size_t size)
{
    static const char HEX[] = "0123456789ABCDEF";
    size_t whole = plain.len - plain.len % BLOCK, length = 0;
    if (plain.len < BLOCK) {
        if (plain.len > size)
            return 0;
        memcpy(out, plain.at, plain.len);
        return plain.len;
    }
    if (whole * GROUP + 1 + plain.len - whole > size)
        return 0;
    out[length++] = '{';
    for (size_t at = 0; at < whole; at += BLOCK) {
        unsigned char block[BLOCK];
        int n = 0;
        if (EVP_CipherUpdate(key->seal, block, &n, (const unsigned char *)plain.at + at, BLOCK) != 1 || n != BLOCK)
            return 0;
        for (int i = 0; i < BLOCK; i++) {
            out[length++] = '0';
            out[length++] = 'x';
            out[length++] = HEX[block[i] >> 4];
            out[length++] = HEX[block[i] & 15];
            out[length++] = ',';
        }
    }
    out[length - 1] = '}';
    memcpy(out + length, plain.at + whole, plain.len - whole);
    return length + plain.len - whole;
}
