#include "journal/sign.h"

#include "journal/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct key {
    EVP_PKEY *pkey;
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
    uint8_t raw[32], digest[EVP_MAX_MD_SIZE];
    size_t length = sizeof raw;
    if (EVP_PKEY_get_raw_public_key(key->pkey, raw, &length) != 1 ||
        EVP_Digest(raw, length, digest, NULL, EVP_sha256(), NULL) != 1)
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
    if (EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519 || !name_key(key))
        return error_set(err, "%s: not an Ed25519 key", path);
    return true;
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

bool signer_sign(struct signer *signer, const void *body, size_t length, uint8_t signature[SIGNATURE_BYTES])
{
    size_t size = SIGNATURE_BYTES;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestSignInit(context, NULL, NULL, NULL, signer->key.pkey) == 1 &&
              EVP_DigestSign(context, signature, &size, body, length) == 1 && size == SIGNATURE_BYTES;
    EVP_MD_CTX_free(context);
    return ok;
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
    bool ok = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, verifier->key.pkey) == 1 &&
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

bool key_generate(const char *path, struct error *err)
{
    char public_path[512];
    snprintf(public_path, sizeof public_path, "%s.pub", path);
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!pkey)
        return error_set(err, "make an Ed25519 key: OpenSSL failed");
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
