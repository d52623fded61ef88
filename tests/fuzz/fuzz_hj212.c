/* Any bytes as a stream of HJ 212 frames: found, opened, cut, put together, read as a request of every command. The
 * first byte picks the dialect. Invariants: progress, nothing beyond the input, what is read whole can be written
 * again. */
#include "hj212/assemble.h"
#include "hj212/command.h"
#include "hj212/encode.h"

#include <stdlib.h>

static void check(bool good)
{
    if (!good)
        abort();
}

static size_t walk_items(struct slice area)
{
    struct hj212_item item;
    uint32_t quirks = 0;
    size_t n = 0, before = area.len;
    for (; hj212_item_next(&area, &item, &quirks); n++, before = area.len)
        check(area.len < before);
    return n;
}

static void one_segment(const struct hj212_segment *s, struct hj212_assembly *assembly, int64_t now_ms)
{
    static char out[HJ212_SEALED_MAX];
    struct hj212_segment whole;
    struct hj212_request request;
    const char *what;
    walk_items(s->area);
    const struct hj212_command *command = hj212_command_find(hj212_cn(s->cn));
    if (command)
        hj212_request_parse(command, s->area, &request, &what);
    hj212_answer(9011, s, "QnRtn=1", out, sizeof out);
    if (hj212_assemble(assembly, s, now_ms, 50, &whole) == HJ212_PART_WHOLE)
        walk_items(whole.area);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hj212_assembly *assembly;
    static struct hj212_key *key;
    static char room[HJ212_CEILING];
    static int64_t now_ms;
    struct hj212_frame frame;
    if (size == 0)
        return 0;
    if (!key)
        key = hj212_key_new((const uint8_t *)"0000000000000000");
    if (!assembly)
        assembly = hj212_assembly_new();
    now_ms += 1000; /* what an earlier input left is too old */
    struct hj212_dialect dialect = {.crc = (enum hj212_crc_kind)(data[0] & 3),
                                    .extra_digits = data[0] & 4 ? 4 : 0,
                                    .strict = data[0] & 8,
                                    .ceiling = data[0] & 16 ? 512 : 0};
    struct slice input = {(const char *)data + 1, size - 1};
    size_t offset = 0;
    while (hj212_frame_next(input, offset, !(data[0] & 32), &dialect, &frame)) {
        struct hj212_segment s;
        check(frame.bytes > 0 && offset + frame.bytes <= input.len);
        if (frame.verdict == HJ212_SEALED)
            hj212_open(key, &frame, dialect.strict, room, sizeof room);
        if (hj212_segment_parse(frame.segment, &s))
            one_segment(&s, assembly, now_ms);
        offset += frame.bytes;
    }
    return 0;
}
