#include "publish/console/certificate.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static char *read_whole(const char *path, bool secret, struct error *err)
{
    struct stat status;
    FILE *in = fopen(path, "re");
    char *text = in ? calloc(1, CERTIFICATE_BYTES) : NULL;
    if (!text) {
        error_set(err, "%s can't be read: %s", path, strerror(errno));
        if (in)
            fclose(in);
        return NULL;
    }
    bool open_to_others = secret && (fstat(fileno(in), &status) != 0 || (status.st_mode & 077) != 0);
    size_t length = fread(text, 1, CERTIFICATE_BYTES, in);
    fclose(in);
    if (!open_to_others && length < CERTIFICATE_BYTES)
        return text;
    error_set(err, open_to_others ? "key %s can be read by others: chmod 600 it" : "%s is too large to be PEM", path);
    OPENSSL_cleanse(text, CERTIFICATE_BYTES);
    free(text);
    return NULL;
}

static int64_t end_ms(const X509 *x509)
{
    struct tm end;
    return ASN1_TIME_to_tm(X509_get0_notAfter(x509), &end) == 1 ? (int64_t)timegm(&end) * 1000 : INT64_MIN;
}

/* That they are PEM, and of each other. */
static bool check_pair(const char *chain_path, const char *key_path, struct certificate *c, struct error *err)
{
    BIO *chain = BIO_new_mem_buf(c->chain, -1), *key = BIO_new_mem_buf(c->key, -1);
    X509 *x509 = chain ? PEM_read_bio_X509(chain, NULL, NULL, NULL) : NULL;
    EVP_PKEY *pkey = key ? PEM_read_bio_PrivateKey(key, NULL, NULL, (void *)"") : NULL;
    bool good = false;
    if (!x509)
        error_set(err, "%s is not a certificate in PEM", chain_path);
    else if (!pkey)
        error_set(err, "%s is not a private key in PEM without a password", key_path);
    else if (!(good = X509_check_private_key(x509, pkey) == 1))
        error_set(err, "%s is not the key of %s", key_path, chain_path);
    else
        c->not_after_ms = end_ms(x509);
    X509_free(x509);
    EVP_PKEY_free(pkey);
    BIO_free(chain);
    BIO_free(key);
    return good;
}

bool certificate_read(const char *chain_path, const char *key_path, struct certificate *certificate, struct error *err)
{
    struct certificate found = {NULL, NULL, INT64_MAX};
    if (chain_path[0] != '\0') {
        found.chain = read_whole(chain_path, false, err);
        found.key = found.chain ? read_whole(key_path, true, err) : NULL;
        if (!found.key || !check_pair(chain_path, key_path, &found, err)) {
            certificate_clear(&found);
            return false;
        }
    }
    *certificate = found;
    return true;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool certificate_same(const struct certificate *a, const struct certificate *b)
{
    return same_text(a->chain, b->chain) && same_text(a->key, b->key);
}

void certificate_clear(struct certificate *c)
{
    if (c->key)
        OPENSSL_cleanse(c->key, CERTIFICATE_BYTES);
    free(c->chain);
    free(c->key);
    *c = (struct certificate){NULL, NULL, 0};
}
