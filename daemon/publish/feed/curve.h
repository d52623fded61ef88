/* Who may connect: CURVE keys and the allow-list of clients (ZeroMQ RFC 26, 27; key files in the form of CZMQ and
 * pyzmq).
 *
 *   server_key    public-key and secret-key of the gateway, mode 0600
 *   clients_dir   one file a client with its public-key and, if it is to see only some topics, topics = "prefix,prefix"
 *
 *   handshake ─► ZAP request ─► curve_admit: 200 and the key as user, or 400
 *   user, topic ─► curve_may: within the client's prefixes? heartbeats are everyone's
 *
 * The holder of the server's own key pair (cemsctl on the gateway) may do everything. One thread. */
#ifndef CEMSD_PUBLISH_FEED_CURVE_H
#define CEMSD_PUBLISH_FEED_CURVE_H

#include "model/error.h"
#include "model/plant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CURVE_Z85 = 41, CURVE_CLIENTS_MAX = 4096, CURVE_PREFIXES_MAX = 16, CURVE_PREFIX = 192 };

struct curve_key {
    char public_key[CURVE_Z85], secret_key[CURVE_Z85]; /* Z85; secret "" in a public file */
    char topics[CURVE_PREFIXES_MAX * CURVE_PREFIX];    /* as written; "" = everything */
};

/* Reads a key file. A file with a secret that others may read is refused; need_secret asks for one. */
bool curve_key_read(const char *path, bool need_secret, struct curve_key *key, struct error *err);
/* Makes FILE.secret-bearing path (0600) and path.pub (0644); refuses to overwrite. */
bool curve_key_generate(const char *path, struct error *err);
/* Prepares a client socket (before connecting). */
bool curve_client_setup(void *socket, const char *server_public, const struct curve_key *client);

struct curve_access;

struct curve_access *curve_access_load(const struct curve_settings *settings, struct error *err);
void curve_access_free(struct curve_access *access);
/* Reads clients_dir again and calls lost for each client that is no longer on the list or may see other topics than
 * before; the old list stays when the folder is wrong. */
bool curve_access_reload(struct curve_access *access, void (*lost)(void *owner, const char *user), void *owner,
                         struct error *err);

/* Prepares a server socket (before binding). */
bool curve_server_setup(const struct curve_access *access, void *socket);
/* Is this 32-byte client key on the list? user receives its Z85 form. */
bool curve_admit(const struct curve_access *access, const uint8_t client_key[32], char user[CURVE_Z85]);
/* May the user see the topic? */
bool curve_may(const struct curve_access *access, const char *user, const char *topic);
bool curve_unrestricted(const struct curve_access *access, const char *user);
/* Calls each with the prefixes the user really gets for a subscription to `wanted`: itself, or the narrower ones it may
 * have of it. */
void curve_narrow(const struct curve_access *access, const char *user, const char *wanted,
                  void (*each)(void *owner, const char *prefix), void *owner);

#endif
