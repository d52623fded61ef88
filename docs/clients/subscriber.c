/* usage: subscriber FEED REPLAY STREAM PUBLIC_KEY.pem: prints every verified body, a line each.
 *
 *   cc -o subscriber subscriber.c $(pkg-config --cflags --libs libzmq jansson libcrypto)
 *
 * Catches up by replay, follows the feed, and ends at the first message that does not follow from the one before it or
 * is not signed by the key. Ed25519 and SHA-256; C11. */
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static void *feed, *dealer;
static const char *stream;
static EVP_PKEY *key;
static json_int_t seq;
static unsigned char chain[32];

static void catch_up(void);

static void give_up(const char *why)
{
    fprintf(stderr, "%s/%lld: %s\n", stream, (long long)seq + 1, why);
    exit(1);
}

static int is_signed(zmq_msg_t *body, zmq_msg_t *signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int good = EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
               EVP_DigestVerify(context, zmq_msg_data(signature), zmq_msg_size(signature), zmq_msg_data(body),
                                zmq_msg_size(body)) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

/* Chain value after the body: SHA-256(value before || body). */
static void chain_on(zmq_msg_t *body)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    EVP_DigestUpdate(context, chain, sizeof chain);
    EVP_DigestUpdate(context, zmq_msg_data(body), zmq_msg_size(body));
    EVP_DigestFinal_ex(context, chain, NULL);
    EVP_MD_CTX_free(context);
}

static void take(zmq_msg_t *body, zmq_msg_t *signature)
{
    char expected[65];
    json_t *message = json_loadb(zmq_msg_data(body), zmq_msg_size(body), 0, NULL);
    json_int_t number = json_integer_value(json_object_get(message, "seq"));
    const char *prev = json_string_value(json_object_get(message, "prev"));
    if (number > seq + 1) /* a gap: repair it first */
        catch_up();
    if (number > seq) { /* else a repetition */
        for (int i = 0; i < 32; i++)
            snprintf(expected + 2 * i, sizeof expected - 2 * (size_t)i, "%02x", chain[i]);
        if (!is_signed(body, signature))
            give_up("not signed by this key");
        if (number != seq + 1 || !prev || strcmp(prev, expected) != 0)
            give_up("the chain is broken");
        chain_on(body);
        seq = number;
        printf("%.*s\n", (int)zmq_msg_size(body), (char *)zmq_msg_data(body));
        fflush(stdout);
    }
    json_decref(message);
}

/* Topic, body and signature; returns how many frames the message had. */
static int receive(void *socket, zmq_msg_t frames[3])
{
    int count = 0;
    do {
        zmq_msg_t *frame = &frames[count < 3 ? count : 2];
        if (count >= 3)
            zmq_msg_close(frame);
        zmq_msg_init(frame);
        if (zmq_msg_recv(frame, socket, 0) < 0)
            give_up(zmq_strerror(zmq_errno()));
        count++;
    } while (zmq_msg_more(&frames[count <= 3 ? count - 1 : 2]));
    return count;
}

static void drop(zmq_msg_t frames[3], int count)
{
    for (int i = 0; i < count && i < 3; i++)
        zmq_msg_close(&frames[i]);
}

static void catch_up(void)
{
    int more = 1;
    while (more) {
        char request[128];
        zmq_msg_t frames[3];
        int count;
        snprintf(request, sizeof request, "{\"op\":\"replay\",\"stream\":\"%s\",\"after\":%lld}", stream,
                 (long long)seq);
        zmq_send(dealer, request, strlen(request), 0);
        for (; (count = receive(dealer, frames)) == 3; drop(frames, count))
            take(&frames[1], &frames[2]);
        json_t *end = json_loadb(zmq_msg_data(&frames[0]), zmq_msg_size(&frames[0]), 0, NULL);
        more = json_is_true(json_object_get(end, "more"));
        json_decref(end);
        drop(frames, count);
    }
}

int main(int argc, char **argv)
{
    FILE *file = argc == 5 ? fopen(argv[4], "r") : NULL;
    if (!file || !(key = PEM_read_PUBKEY(file, NULL, NULL, NULL)))
        return fprintf(stderr, "usage: subscriber FEED REPLAY STREAM PUBLIC_KEY.pem\n"), 2;
    stream = argv[3];
    void *context = zmq_ctx_new();
    feed = zmq_socket(context, ZMQ_SUB);
    dealer = zmq_socket(context, ZMQ_DEALER);
    zmq_connect(feed, argv[1]);
    zmq_setsockopt(feed, ZMQ_SUBSCRIBE, stream, strlen(stream));
    zmq_connect(dealer, argv[2]);
    for (catch_up();;) {
        zmq_msg_t frames[3];
        int count = receive(feed, frames);
        if (count == 3)
            take(&frames[1], &frames[2]);
        drop(frames, count);
    }
}
