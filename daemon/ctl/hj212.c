/* cemsctl hj212 decode [--strict] [--key HEX] < bytes: one JSON line a frame, garbage once. Exit 0 when all is ok, 1
 * otherwise. cemsctl hj212 commands: the table of commands as Markdown. */
#include "ctl/probe.h"

#include "hj212/command.h"
#include "hj212/sm4.h"
#include "journal/chain.h"
#include "publish/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 256 * 1024 * 1024 };

static json_t *text(struct slice s)
{
    return value_text(s.at, s.len);
}

static json_t *quirk_names(uint32_t quirks)
{
    json_t *all = json_array();
    for (int q = 0; q < HJ212_QUIRKS; q++)
        if (quirks & 1U << q)
            json_array_append_new(all, json_string(hj212_quirk_name((enum hj212_quirk)q)));
    return all;
}

static void add_segment(json_t *line, const struct hj212_frame *frame, bool strict)
{
    struct hj212_segment s;
    struct hj212_item item;
    uint32_t quirks = frame->quirks;
    bool understood = hj212_segment_parse(frame->segment, &s);
    if (understood) {
        const struct {
            const char *name;
            struct slice value;
        } FIELDS[] = {{"qn", s.qn}, {"st", s.st}, {"cn", s.cn}, {"pw", s.pw}, {"mn", s.mn}, {"flag", s.flag}};
        json_t *items = json_array();
        for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++)
            json_object_set_new(line, FIELDS[i].name, text(FIELDS[i].value));
        json_object_set_new(line, "version", s.version ? json_integer(s.version) : json_null());
        json_object_set_new(line, "pnum", text(s.pnum));
        json_object_set_new(line, "pno", text(s.pno));
        json_object_set_new(line, "rf", text(s.rf));
        quirks |= s.quirks;
        for (struct slice rest = s.area; hj212_item_next(&rest, &item, &quirks);)
            json_array_append_new(items, json_pack("{s:o, s:o, s:o}", "code", text(item.code), "field",
                                                   text(item.field), "value", text(item.value)));
        json_object_set_new(line, "items", items);
    }
    if (frame->verdict == HJ212_OK && (!understood || (strict && quirks != 0)))
        json_object_set_new(line, "verdict", json_string(hj212_verdict_name(HJ212_MALFORMED)));
    json_object_set_new(line, "quirks", quirk_names(quirks));
}

/* A sealed frame without its key is one whose CRC can't be told to be good. */
bool ctl_print_frame(struct hj212_frame *frame, struct hj212_key *key, bool strict)
{
    static char room[HJ212_CEILING];
    if (frame->verdict == HJ212_SEALED && key)
        hj212_open(key, frame, strict, room, sizeof room);
    if (frame->verdict == HJ212_SEALED)
        frame->verdict = HJ212_CRC;
    json_t *line = json_pack("{s:s, s:I, s:I}", "verdict", hj212_verdict_name(frame->verdict), "offset",
                             (json_int_t)frame->offset, "bytes", (json_int_t)frame->bytes);
    if (frame->verdict != HJ212_GARBAGE)
        add_segment(line, frame, strict);
    if (frame->sealed)
        json_object_set_new(line, "encrypted", json_true());
    bool ok = strcmp(json_string_value(json_object_get(line, "verdict")), "ok") == 0;
    json_dumpf(line, stdout, JSON_COMPACT);
    printf("\n");
    json_decref(line);
    return ok;
}

/* Line ends between frames are nobody's garbage. */
static size_t skip_line_ends(struct slice input, size_t offset)
{
    while (offset < input.len && (input.at[offset] == '\r' || input.at[offset] == '\n' || input.at[offset] == ' '))
        offset++;
    return offset;
}

int ctl_hj212(struct ctl *ctl)
{
    char *bytes = NULL;
    size_t length = 0, room = 0;
    bool all_ok = true;
    struct hj212_frame frame;
    struct hj212_key *key = NULL;
    uint8_t key_bytes[HJ212_KEY_BYTES];
    if (ctl->argc == 1 && strcmp(ctl->argv[0], "commands") == 0) {
        hj212_command_print(stdout);
        return CTL_DONE;
    }
    if (ctl->argc != 1 || strcmp(ctl->argv[0], "decode") != 0)
        return ctl_fail(CTL_USAGE, "hj212 decode [--strict] [--key HEX] < bytes, or hj212 commands");
    if (ctl->key && (!hex_decode(ctl->key, key_bytes, sizeof key_bytes) || !(key = hj212_key_new(key_bytes))))
        return ctl_fail(CTL_USAGE, "--key takes 32 hexadecimal digits");
    for (size_t n = 1; n > 0 && length < INPUT_MAX; length += n) {
        if (length == room) {
            char *more = realloc(bytes, room = room ? 2 * room : 65536);
            if (!more) {
                free(bytes);
                hj212_key_free(key);
                return ctl_fail(CTL_FAILED, "out of memory");
            }
            bytes = more;
        }
        n = fread(bytes + length, 1, room - length, stdin);
    }
    struct hj212_dialect dialect = {.strict = ctl->strict};
    struct slice input = {bytes, length};
    for (size_t offset = skip_line_ends(input, 0); hj212_frame_next(input, offset, true, &dialect, &frame);
         offset = skip_line_ends(input, frame.offset + frame.bytes))
        all_ok = ctl_print_frame(&frame, key, ctl->strict) && all_ok;
    free(bytes);
    hj212_key_free(key);
    return all_ok ? CTL_DONE : CTL_FAILED;
}
