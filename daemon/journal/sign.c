#include "journal/sign.h"

#include "journal/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char IDENTITY[] = "1234567812345678"; /* GM/T 0009-2012: where nothing else is agreed */

struct key {
    EVP_PKEY *pkey;
    bool sm2;
    char id[KEY_ID];
};

struct signer {
    struct key key;
};

struct verifier {
    struct key key;
};

static bool name_key(struct key *key)
{
    uint8_t raw[128], digest[EVP_MAX_MD_SIZE];
    size_t length = sizeof raw;
    bool got = key->sm2 ? EVP_PKEY_get_octet_string_param(key->pkey, OSSL_PKEY_PARAM_PUB_KEY, raw, length, &length) == 1
                        : EVP_PKEY_get_raw_public_key(key->pkey, raw, &length) == 1;
    if (!got || EVP_Digest(raw, length, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    hex_encode(digest, (KEY_ID - 1) / 2, key->id);
    return true;
}

/* Takes over pkey. */
static bool key_init(struct key *key, EVP_PKEY *pkey, const char *path, struct error *err)
{
    key->pkey = pkey;
    if (!pkey)
        return error_set(err, "%s: not a PEM key", path);
    key->sm2 = EVP_PKEY_is_a(pkey, "SM2");
    if ((!key->sm2 && !EVP_PKEY_is_a(pkey, "ED25519")) || !name_key(key))
        return error_set(err, "%s: neither an Ed25519 nor an SM2 key", path);
    return true;
}

/* Begins signing or checking; SM2 hashes the signer's identity in front. */
static bool begin(EVP_MD_CTX *context, const struct key *key,
                  int (*init)(EVP_MD_CTX *, EVP_PKEY_CTX **, const EVP_MD *, ENGINE *, EVP_PKEY *))
{
    EVP_PKEY_CTX *of_key = NULL;
    if (init(context, &of_key, key->sm2 ? EVP_sm3() : NULL, NULL, key->pkey) != 1)
        return false;
    return !key->sm2 || EVP_PKEY_CTX_set1_id(of_key, IDENTITY, sizeof IDENTITY - 1) == 1;
}

static FILE *open_key(const char *path, bool secret, struct error *err)
{
    struct stat status;
    FILE *in = fopen(path, "re");
    if (!in) {
        error_set(err, "read key %s: %s", path, strerror(errno));
        return NULL;
    }
    if (secret && fstat(fileno(in), &status) == 0 && (status.st_mode & 077) != 0) {
        error_set(err, "key %s can be read by others (mode %03o): chmod 600 it", path,
                  (unsigned)status.st_mode & 0777U);
        fclose(in);
        return NULL;
    }
    return in;
}

struct signer *signer_load(const char *path, struct error *err)
{
    FILE *in = open_key(path, true, err);
    struct signer *signer = in ? calloc(1, sizeof *signer) : NULL;
    if (in && signer && !key_init(&signer->key, PEM_read_PrivateKey(in, NULL, NULL, (void *)""), path, err)) {
        signer_free(signer);
        signer = NULL;
    }
    if (in)
        fclose(in);
    ERR_clear_error();
    return signer;
}

void signer_free(struct signer *signer)
{
    if (signer)
        EVP_PKEY_free(signer->key.pkey);
    free(signer);
}

const char *signer_id(const struct signer *signer)
{
    return signer->key.id;
}

bool signer_sign(struct signer *signer, const void *body, size_t length, uint8_t signature[SIGNATURE_BYTES],
                 size_t *signature_length)
{
    size_t size = SIGNATURE_BYTES;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && begin(context, &signer->key, EVP_DigestSignInit) &&
              EVP_DigestSign(context, signature, &size, body, length) == 1;
    EVP_MD_CTX_free(context);
    *signature_length = ok ? size : 0;
    return ok;
}

bool signer_public(const struct signer *signer, char pem[KEY_PUBLIC])
{
    BIO *out = BIO_new(BIO_s_mem());
    int n = out && PEM_write_bio_PUBKEY(out, signer->key.pkey) == 1 ? BIO_read(out, pem, KEY_PUBLIC - 1) : -1;
    BIO_free(out);
    pem[n > 0 ? n : 0] = '\0';
    return n > 0;
}

struct verifier *verifier_read(const char *pem)
{
    struct error err;
    BIO *in = BIO_new_mem_buf(pem, -1);
    struct verifier *verifier = in ? calloc(1, sizeof *verifier) : NULL;
    if (verifier && !key_init(&verifier->key, PEM_read_bio_PUBKEY(in, NULL, NULL, (void *)""), "key", &err)) {
        verifier_free(verifier);
        verifier = NULL;
    }
    BIO_free(in);
    ERR_clear_error();
    return verifier;
}

struct verifier *verifier_load(const char *path, struct error *err)
{
    FILE *in = open_key(path, false, err);
    struct verifier *verifier = in ? calloc(1, sizeof *verifier) : NULL;
    if (in && verifier) {
        EVP_PKEY *pkey = PEM_read_PUBKEY(in, NULL, NULL, (void *)"");
        if (!pkey) {
            rewind(in);
            pkey = PEM_read_PrivateKey(in, NULL, NULL, (void *)"");
        }
        if (!key_init(&verifier->key, pkey, path, err)) {
            verifier_free(verifier);
            verifier = NULL;
        }
    }
    if (in)
        fclose(in);
    ERR_clear_error();
    return verifier;
}

void verifier_free(struct verifier *verifier)
{
    if (verifier)
        EVP_PKEY_free(verifier->key.pkey);
    free(verifier);
}

const char *verifier_id(const struct verifier *verifier)
{
    return verifier->key.id;
}

bool verifier_check(struct verifier *verifier, const void *body, size_t length, const uint8_t *signature,
                    size_t signature_length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && begin(context, &verifier->key, EVP_DigestVerifyInit) &&
              EVP_DigestVerify(context, signature, signature_length, body, length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return ok;
}

static FILE *create(const char *path, mode_t mode, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!out)
        error_set(err, "create %s: %s", path, strerror(errno));
    return out;
}

bool key_generate(const char *path, bool sm2, struct error *err)
{
    char public_path[512];
    snprintf(public_path, sizeof public_path, "%s.pub", path);
    EVP_PKEY *pkey = sm2 ? EVP_PKEY_Q_keygen(NULL, NULL, "SM2") : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!pkey)
        return error_set(err, "make %s key: OpenSSL failed", sm2 ? "an SM2" : "an Ed25519");
    FILE *secret = create(path, 0600, err), *public = secret ? create(public_path, 0644, err) : NULL;
    bool ok = public != NULL;
    if (ok && (PEM_write_PKCS8PrivateKey(secret, pkey, NULL, NULL, 0, NULL, NULL) != 1 ||
               PEM_write_PUBKEY(public, pkey) != 1))
        ok = error_set(err, "write %s: %s", path, strerror(errno));
    if (secret && fclose(secret) != 0)
        ok = error_set(err, "write %s: %s", path, strerror(errno));
    if (public && fclose(public) != 0)
        ok = error_set(err, "write %s: %s", public_path, strerror(errno));
    EVP_PKEY_free(pkey);
    return ok;
}
