/* cemsctl: what its commands share. One file a command; the table is in cemsctl.c. */
#ifndef CEMSD_CTL_CTL_H
#define CEMSD_CTL_CTL_H

#include "journal/reader.h"
#include "model/plant.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { CTL_DONE = 0, CTL_FAILED = 1, CTL_USAGE = 2, CTL_CONFIG = 78 };

struct ctl {
    const char *config, *connect, *journal; /* as given; NULL when not */
    bool json, csv, active, from_journal, curve, sm2, strict, verify;
    const char *outlet, *factor, *period, *from, *to, *key, *messages, *samples, *save, *stream, *server_key,
        *client_key, *by, *note, *proof, *checkpoint, *out, *stations, *station, *table, *address, *timeout, *expect;
    const char *keys[8]; /* of --key, as often as it is given */
    size_t key_count;
    long count; /* 0 = without end */
    int argc;   /* what is left after the options */
    char **argv;
    struct plant *plant; /* loaded by ctl_plant; freed by main */
};

int ctl_status(struct ctl *ctl);
int ctl_backlog(struct ctl *ctl);
int ctl_probe(struct ctl *ctl);
int ctl_doctor(struct ctl *ctl);
int ctl_watch(struct ctl *ctl);
int ctl_follow(struct ctl *ctl);
int ctl_alarms(struct ctl *ctl);
int ctl_ack(struct ctl *ctl);
int ctl_records(struct ctl *ctl);
int ctl_report(struct ctl *ctl);
int ctl_verify(struct ctl *ctl);
struct keyring;
int ctl_verify_proof(struct ctl *ctl, struct keyring *ring);
int ctl_checkpoint(struct ctl *ctl);
int ctl_prove(struct ctl *ctl);
int ctl_export(struct ctl *ctl);
int ctl_backup(struct ctl *ctl);
int ctl_keygen(struct ctl *ctl);
int ctl_access(struct ctl *ctl);
int ctl_recompute(struct ctl *ctl);
int ctl_hj212(struct ctl *ctl);

/* Prints "cemsctl: ..." to stderr and returns the code. */
int ctl_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The configuration of --config, loaded once. NULL after printing what is wrong. */
const struct plant *ctl_plant(struct ctl *ctl);
/* Path of the journal: --journal, or that of the configuration. NULL after printing. */
const char *ctl_journal_path(struct ctl *ctl);
/* Opens that journal for reading. NULL with *code after printing. */
struct reader *ctl_reader(struct ctl *ctl, int *code);
/* Endpoint that answers requests: --connect, or the configuration's control or replay. NULL after printing. */
const char *ctl_endpoint(struct ctl *ctl);

/* Asks {"op":op} and returns the answer's JSON (json_decref), NULL after printing. */
json_t *ctl_ask(struct ctl *ctl, const char *endpoint, const char *op);
/* Asks the request, which it takes over. */
json_t *ctl_ask_with(struct ctl *ctl, const char *endpoint, json_t *request);
/* Prepares a socket for CURVE: --server-key and --client-key, or the gateway's own key of the configuration; nothing
 * for ipc. False after printing. */
bool ctl_secure(struct ctl *ctl, void *socket, const char *endpoint);

/* Reads an instant or says what is wrong with it; text NULL gives otherwise. */
bool ctl_instant(const char *name, const char *text, int64_t otherwise, int64_t *out);
/* Reads a whole number of that range, likewise. */
bool ctl_number(const char *name, const char *text, int64_t least, int64_t most, int64_t otherwise, int64_t *out);
/* Reads a seq, likewise. */
bool ctl_seq(const char *name, const char *text, uint64_t otherwise, uint64_t *out);

#endif
