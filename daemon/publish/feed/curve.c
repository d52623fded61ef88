#include "publish/feed/curve.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

struct client {
    char public_key[CURVE_Z85];
    char prefixes[CURVE_PREFIXES_MAX][CURVE_PREFIX];
    size_t prefix_count; /* 0 = everything */
};

struct curve_access {
    struct curve_settings settings;
    struct curve_key server;
    struct client *clients;
    size_t count;
};

/* ---- key files ---- */

/* `  public-key = "..."`: the quoted value of name into out. */
static bool take_value(const char *line, const char *name, char *out, size_t size)
{
    line += strspn(line, " \t");
    size_t length = strlen(name);
    if (strncmp(line, name, length) != 0)
        return false;
    line += length + strspn(line + length, " \t");
    if (*line++ != '=')
        return false;
    line += strspn(line, " \t");
    if (*line++ != '"')
        return false;
    size_t n = strcspn(line, "\"\n");
    if (line[n] != '"' || n >= size)
        return false;
    memcpy(out, line, n);
    out[n] = '\0';
    return true;
}

static bool valid_z85(const char *text)
{
    uint8_t bytes[32];
    return strlen(text) == CURVE_Z85 - 1 && zmq_z85_decode(bytes, text) != NULL;
}

bool curve_key_read(const char *path, bool need_secret, struct curve_key *key, struct error *err)
{
    struct stat status;
    char line[sizeof key->topics + 64];
    FILE *in = fopen(path, "re");
    memset(key, 0, sizeof *key);
    if (!in)
        return error_set(err, "read key %s: %s", path, strerror(errno));
    while (fgets(line, sizeof line, in)) {
        take_value(line, "public-key", key->public_key, sizeof key->public_key);
        take_value(line, "secret-key", key->secret_key, sizeof key->secret_key);
        take_value(line, "topics", key->topics, sizeof key->topics);
    }
    bool exposed = fstat(fileno(in), &status) == 0 && (status.st_mode & 077) != 0 && key->secret_key[0];
    fclose(in);
    if (exposed)
        return error_set(err, "key %s can be read by others (mode %03o): chmod 600 it", path,
                         (unsigned)status.st_mode & 0777U);
    if (!valid_z85(key->public_key))
        return error_set(err, "%s: no CURVE public-key in it", path);
    if ((need_secret || key->secret_key[0]) && !valid_z85(key->secret_key))
        return error_set(err, "%s: no CURVE secret-key in it", path);
    return true;
}

static bool write_key(const char *path, mode_t mode, const char *public_key, const char *secret_key, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!out)
        return error_set(err, "create %s: %s", path, strerror(errno));
    fprintf(out, "metadata\ncurve\n    public-key = \"%s\"\n", public_key);
    if (secret_key)
        fprintf(out, "    secret-key = \"%s\"\n", secret_key);
    return fclose(out) == 0 || error_set(err, "write %s: %s", path, strerror(errno));
}

bool curve_key_generate(const char *path, struct error *err)
{
    char public_key[CURVE_Z85], secret_key[CURVE_Z85], public_path[PATH_BYTES + 8];
    if (zmq_curve_keypair(public_key, secret_key) != 0)
        return error_set(err, "make a CURVE key: %s", zmq_strerror(errno));
    snprintf(public_path, sizeof public_path, "%s.pub", path);
    return write_key(path, 0600, public_key, secret_key, err) && write_key(public_path, 0644, public_key, NULL, err);
}

bool curve_client_setup(void *socket, const char *server_public, const struct curve_key *client)
{
    return zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_public, CURVE_Z85) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, client->public_key, CURVE_Z85) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, client->secret_key, CURVE_Z85) == 0;
}

/* ---- the allow-list ---- */

static bool split_topics(struct client *client, const char *topics)
{
    while (*topics) {
        size_t n = strcspn(topics, ",");
        if (client->prefix_count == CURVE_PREFIXES_MAX || n >= CURVE_PREFIX)
            return false;
        if (n > 0)
            memcpy(client->prefixes[client->prefix_count++], topics, n);
        topics += n + (topics[n] == ',');
    }
    return true;
}

static bool add_client(struct client **clients, size_t *count, const char *path, struct error *err)
{
    struct curve_key key;
    if (!curve_key_read(path, false, &key, err))
        return false;
    if (*count == CURVE_CLIENTS_MAX)
        return error_set(err, "%s: more than %d clients", path, (int)CURVE_CLIENTS_MAX);
    struct client *more = realloc(*clients, (*count + 1) * sizeof *more);
    if (!more)
        return error_set(err, "%s: out of memory", path);
    *clients = more;
    struct client *client = &more[*count];
    memset(client, 0, sizeof *client);
    memcpy(client->public_key, key.public_key, sizeof client->public_key);
    if (!split_topics(client, key.topics))
        return error_set(err, "%s: at most %d topics of at most %d bytes", path, (int)CURVE_PREFIXES_MAX,
                         (int)CURVE_PREFIX - 1);
    (*count)++;
    return true;
}

static const struct client *find_in(const struct client *clients, size_t count, const char *user)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(clients[i].public_key, user) == 0)
            return &clients[i];
    return NULL;
}

static bool same_topics(const struct client *a, const struct client *b)
{
    return a->prefix_count == b->prefix_count && memcmp(a->prefixes, b->prefixes, sizeof a->prefixes) == 0;
}

static bool read_clients(const char *path_of_folder, struct client **clients, size_t *count, struct error *err)
{
    DIR *folder = opendir(path_of_folder);
    bool good = true;
    *clients = NULL;
    *count = 0;
    if (!folder)
        return error_set(err, "feeds.curve.clients_dir %s: %s", path_of_folder, strerror(errno));
    for (struct dirent *entry; good && (entry = readdir(folder));) {
        char path[2 * PATH_BYTES + 16];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", path_of_folder, entry->d_name);
        good = add_client(clients, count, path, err);
    }
    closedir(folder);
    if (!good) {
        free(*clients);
        *clients = NULL;
        *count = 0;
    }
    return good;
}

bool curve_access_reload(struct curve_access *access, void (*lost)(void *owner, const char *user), void *owner,
                         struct error *err)
{
    struct client *clients;
    size_t count;
    if (!read_clients(access->settings.clients_dir, &clients, &count, err))
        return false;
    for (size_t i = 0; i < access->count; i++) {
        const struct client *now = find_in(clients, count, access->clients[i].public_key);
        if (!now || !same_topics(now, &access->clients[i]))
            lost(owner, access->clients[i].public_key);
    }
    free(access->clients);
    access->clients = clients;
    access->count = count;
    return true;
}

struct curve_access *curve_access_load(const struct curve_settings *settings, struct error *err)
{
    struct curve_access *access = calloc(1, sizeof *access);
    if (!access) {
        error_set(err, "feeds.curve: out of memory");
        return NULL;
    }
    access->settings = *settings;
    if (zmq_has("curve") && curve_key_read(settings->server_key, true, &access->server, err) &&
        read_clients(settings->clients_dir, &access->clients, &access->count, err))
        return access;
    if (!zmq_has("curve"))
        error_set(err, "feeds.curve: this libzmq was built without CURVE");
    curve_access_free(access);
    return NULL;
}

void curve_access_free(struct curve_access *access)
{
    if (access)
        free(access->clients);
    free(access);
}

bool curve_server_setup(const struct curve_access *access, void *socket)
{
    int server = 1;
    return zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &server, sizeof server) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, access->server.secret_key, CURVE_Z85) == 0 &&
           zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "cemsd", 5) == 0;
}

static const struct client *find(const struct curve_access *access, const char *user)
{
    return find_in(access->clients, access->count, user);
}

static bool is_server(const struct curve_access *access, const char *user)
{
    return strcmp(access->server.public_key, user) == 0;
}

bool curve_admit(const struct curve_access *access, const uint8_t client_key[32], char user[CURVE_Z85])
{
    return zmq_z85_encode(user, client_key, 32) && (is_server(access, user) || find(access, user));
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool curve_unrestricted(const struct curve_access *access, const char *user)
{
    const struct client *client = find(access, user);
    return is_server(access, user) || (client && client->prefix_count == 0);
}

bool curve_may(const struct curve_access *access, const char *user, const char *topic)
{
    const struct client *client = find(access, user);
    if (curve_unrestricted(access, user))
        return true;
    for (size_t i = 0; client && i < client->prefix_count; i++)
        if (begins(topic, client->prefixes[i]))
            return true;
    return client && begins(topic, "heartbeat/");
}

void curve_narrow(const struct curve_access *access, const char *user, const char *wanted,
                  void (*each)(void *owner, const char *prefix), void *owner)
{
    const struct client *client = find(access, user);
    if (curve_may(access, user, wanted)) {
        each(owner, wanted);
        return;
    }
    for (size_t i = 0; client && i < client->prefix_count; i++)
        if (begins(client->prefixes[i], wanted))
            each(owner, client->prefixes[i]);
    if (client && begins("heartbeat/", wanted))
        each(owner, "heartbeat/");
}
