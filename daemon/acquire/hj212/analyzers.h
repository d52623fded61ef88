/* What the analyzers of one HJ 212 line say, whatever the wire: bytes of a conversation in; samples, information and
 * answers out.
 *
 *   bytes ─► frames ─► who (MN, PW) ─► 2011|2051|2061  values ─► ring ─► analyzers_take
 *                                  ├─► 3020, 3019, 2081 information ─► event
 *                                  ├─► 9011, 9012       answers to what was asked here
 *                                  └─► 9014 or 9013 back when the Flag asks
 *
 * Bounds: the ring holds ANALYZERS_RING values (a conversation is not read while a frame's worth has no room), a
 * conversation buffers HJ212_CEILING bytes, one request is under way at a time. The loop's thread. */
#ifndef CEMSD_ACQUIRE_HJ212_ANALYZERS_H
#define CEMSD_ACQUIRE_HJ212_ANALYZERS_H

#include "acquire/hj212/reading.h"
#include "hj212/command.h"
#include "model/error.h"

enum { ANALYZERS_RING = 4096 };

struct analyzers;

/* What an analyzer reported about itself, for the journal. Borrowed for the call. */
struct information {
    const char *line;
    struct slice mn;
    int cn;
    struct slice area;
};

struct analyzers_events {
    void *owner;
    void (*information)(void *owner, const struct information *information);
    /* A control command that was handed on has ended: enum hj212_exe_rtn. */
    void (*instructed)(void *owner, uint64_t ticket, int exe_rtn);
};

struct hj212_counts {
    uint64_t frames[HJ212_VERDICTS], garbage_bytes;
    uint64_t quirks[HJ212_QUIRKS];
    uint64_t crc_as[HJ212_CRC_KINDS + 1]; /* of frames with a bad CRC: the variant that would have matched */
    uint64_t refused_mn, refused_pw, refused_strict, unknown_cn, incomplete;
    uint64_t asked, unanswered, resent; /* resent: frames with RF=1 */
    uint64_t connects, turned_away, taken_over, idle_closed;
    struct item_counts items;
    int64_t last_frame_ms; /* wall clock; INSTANT_NONE before the first */
};

/* One connection, or the serial line. */
struct conversation {
    void *wire;  /* the transport's own */
    char *bytes; /* HJ212_CEILING of them */
    size_t length;
    char mn[MN_BYTES];            /* "" until the first frame */
    int64_t heard_ns, partial_ns; /* monotonic: last frame; since when there is half a frame, 0 = none */
    int64_t told_ns;              /* last log line */
};

struct analyzers_wire {
    void *owner;
    /* Sends; a wire that can't take it drops its connection by itself. */
    void (*write)(void *owner, struct conversation *c, const char *bytes, size_t length);
    /* The conversation's MN became known. */
    void (*identified)(void *owner, struct conversation *c);
    /* The conversation of an MN, or of anyone when there is one only; NULL. */
    struct conversation *(*find)(void *owner, const char *mn);
};

/* line and items are borrowed for its life. */
struct analyzers *analyzers_new(const struct line *line, const struct item_source *items, size_t count,
                                const struct analyzers_events *events, const struct analyzers_wire *wire,
                                struct error *err);
void analyzers_free(struct analyzers *a);

bool conversation_init(struct conversation *c, void *wire);
void conversation_clear(struct conversation *c);

/* Room for what one frame can give. */
bool analyzers_has_room(const struct analyzers *a);
/* Where the next bytes go, and how many; then analyzers_read says how many came. */
char *conversation_room(struct conversation *c, size_t *room);
void analyzers_read(struct analyzers *a, struct conversation *c, size_t n);
/* Half frames that have waited too long, requests that are due or overdue. */
void analyzers_tick(struct analyzers *a, int64_t now_ns);

size_t analyzers_take(struct analyzers *a, struct acquired *out, size_t room);

/* Hands a control command to the device mn ("" = the only one). False when another is under way or nobody is there. */
bool analyzers_instruct(struct analyzers *a, const char *mn, int cn, const char *area, uint64_t ticket);

struct hj212_counts *analyzers_counts(struct analyzers *a);

#endif
