/* What can't be in an HJ 212 line, an uplink or an action: identities the standard has no room for, keys that others
 * can read, a platform that would get two figures under one code. */
#include "config/check.h"

#include "config/bind.h"
#include "config/secret.h"
#include "hj212/command.h"
#include "hj212/sm4.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool letters_and_digits(const char *text, size_t least, size_t most)
{
    size_t n = 0;
    while (isalnum((unsigned char)text[n]))
        n++;
    return text[n] == '\0' && n >= least && n <= most;
}

void check_link(struct loader *l, const struct line *line, const char *path)
{
    const struct hj212_link *link = &line->hj212;
    char address[64], at[DOCUMENT_PATH];
    int port;
    const char *key = line->has_hj212_listen    ? "hj212_listen"
                      : line->has_hj212_connect ? "hj212_connect"
                                                : "hj212_serial";
    snprintf(at, sizeof at, "%s.%s", path, key);
    if (line->has_hj212_listen && !bind_parse(link->bind, address, &port))
        COMPLAIN(l, at, ".bind", "%s is not ADDRESS:PORT", link->bind);
    for (size_t i = 0; i < link->mn_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(link->mns[i].text, link->mns[j].text) == 0)
                COMPLAIN(l, at, ".mn", "%s stands here twice", link->mns[i].text);
    if (link->poll_s > 0 && link->mn_count == 0)
        COMPLAIN(l, at, ".poll_s", "without mn there is nobody to ask");
    if (!letters_and_digits(link->st, 2, 2))
        COMPLAIN(l, at, ".st", "%s is not a system code of two characters", link->st);
    if (line->has_hj212_listen && link->mn_count == 0)
        loader_notice(l, "line %s takes data from any MN: list those of the analyzers", line->name);
}

static void check_action(struct loader *l, const struct channel *channel, const struct action *action, const char *path)
{
    const struct hj212_command *command = hj212_command_find(action->cn);
    bool writes = action->at.line[0] != '\0';
    bool control = command && (command->policy == HJ212_POLICY_CALIBRATE || command->policy == HJ212_POLICY_CONTROL ||
                               (command->policy == HJ212_POLICY_PARAMETERS && action->pass_through));
    if (!control)
        COMPLAIN(l, path, ".cn", "%d is no control command", action->cn);
    if (writes == action->pass_through) {
        COMPLAIN(l, path, "", "give either write or pass_through");
        return;
    }
    if (action->pass_through && channel->has_source &&
        l->plant->lines[channel->source.line_index].kind < LINE_HJ212_LISTEN)
        COMPLAIN(l, path, ".pass_through", "line %s does not speak HJ 212", channel->source.line);
    if (!writes)
        return;
    if (action->at.line_index < 0)
        COMPLAIN(l, path, ".write.line", "there is no line %s", action->at.line);
    else if (l->plant->lines[action->at.line_index].kind >= LINE_HJ212_LISTEN)
        COMPLAIN(l, path, ".write.line", "line %s does not speak Modbus", action->at.line);
    if (action->at.point.table == MB_COIL && action->value > 1)
        COMPLAIN(l, path, ".value", "a coil is 0 or 1");
}

void check_actions(struct loader *l, const struct channel *channel, const char *path)
{
    char at[DOCUMENT_PATH + 32];
    for (size_t i = 0; i < channel->action_count; i++) {
        snprintf(at, sizeof at, "%s.actions[%zu]", path, i);
        check_action(l, channel, &channel->actions[i], at);
        for (size_t j = 0; j < i; j++)
            if (channel->actions[j].cn == channel->actions[i].cn &&
                channel->actions[j].calibration == channel->actions[i].calibration)
                COMPLAIN(l, at, ".cn", "%d is already actions[%zu]", channel->actions[i].cn, j);
    }
}

/* ---- uplinks ---- */

static bool reports(const struct uplink *uplink, const struct outlet *outlet)
{
    for (size_t i = 0; i < uplink->outlet_count; i++)
        if (strcmp(uplink->outlets[i].id, outlet->id) == 0)
            return true;
    return uplink->outlet_count == 0;
}

/* A frame names a factor, not an outlet. */
static void check_factors(struct loader *l, const struct uplink *uplink, const char *path)
{
    const struct plant *plant = l->plant;
    for (size_t i = 0; i < plant->channel_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (plant->channels[i]->factor == plant->channels[j]->factor && reports(uplink, plant->outlet_of[i]) &&
                reports(uplink, plant->outlet_of[j])) {
                COMPLAIN(l, path, ".outlets",
                         "%s is measured at %s and at %s: a platform can't tell them apart; make two uplinks",
                         plant->channels[i]->factor->code, plant->outlet_of[j]->id, plant->outlet_of[i]->id);
                return;
            }
        }
    }
}

static void check_allow(struct loader *l, struct uplink *uplink, const char *path)
{
    for (size_t i = 0; i < uplink->allow_count; i++) {
        unsigned bit = 0;
        for (int policy = HJ212_POLICY_CLOCK; policy < HJ212_POLICIES; policy++)
            if (strcmp(uplink->allow[i].what, hj212_policy_name((enum hj212_policy)policy)) == 0)
                bit = 1U << policy;
        if (bit == 0)
            COMPLAIN(l, path, ".allow", "%s is not clock, calibrate, parameters, control or access",
                     uplink->allow[i].what);
        uplink->allowed |= bit;
    }
}

static void check_uplink(struct loader *l, size_t n)
{
    struct uplink *uplink = &l->plant->uplinks[n];
    char path[DOCUMENT_PATH];
    struct error err;
    uint8_t key[HJ212_KEY_BYTES];
    snprintf(path, sizeof path, "uplinks[%zu]", n);
    if (!plain_word(uplink->name) || strlen(uplink->name) > 32)
        COMPLAIN(l, path, ".name", "%s: only letters, digits, _ . and - are possible, at most 32", uplink->name);
    for (size_t i = 0; i < n; i++)
        if (strcmp(l->plant->uplinks[i].name, uplink->name) == 0)
            COMPLAIN(l, path, ".name", "the name %s is already taken by uplinks[%zu]", uplink->name, i);
    if (!letters_and_digits(uplink->st, 2, 2))
        COMPLAIN(l, path, ".st", "%s is not a system code of two characters", uplink->st);
    if (60 % uplink->min_interval != 0)
        COMPLAIN(l, path, ".min_interval", "an hour is not made of whole %d minutes", uplink->min_interval);
    if (!letters_and_digits(uplink->password, 6, 6))
        COMPLAIN(l, path, ".password", "it must be six letters and digits");
    const char *mn = uplink->mn[0] ? uplink->mn : l->plant->site.mn;
    if (!letters_and_digits(mn, 1, 24))
        COMPLAIN(l, path, ".mn", "%s is not 1 to 24 letters and digits", mn);
    else if (strlen(mn) != 24 && uplink->version != 2005)
        loader_notice(l, "uplink %s: MN %s has %zu characters; HJ 212 wants 24", uplink->name, mn, strlen(mn));
    if (uplink->realtime_s > 0 && uplink->realtime_s < 30)
        loader_notice(l, "uplink %s: realtime_s %d is less than the 30 s of HJ 212", uplink->name, uplink->realtime_s);
    if (uplink->has_encrypt && uplink->version != 2025)
        COMPLAIN(l, path, ".encrypt", "HJ 212-%d has no encryption", uplink->version);
    if (uplink->has_encrypt && !secret_load_hex(uplink->encrypt.key_file, key, sizeof key, &err))
        COMPLAIN(l, path, ".encrypt.key_file", "%s", err.text);
    if (uplink->clock_hook[0] && uplink->clock_hook[0] != '/')
        COMPLAIN(l, path, ".clock_hook", "%s is not an absolute path", uplink->clock_hook);
    for (size_t i = 0; i < uplink->outlet_count; i++) {
        bool found = false;
        for (size_t o = 0; o < l->plant->outlet_count; o++)
            found = found || strcmp(l->plant->outlets[o].id, uplink->outlets[i].id) == 0;
        if (!found)
            COMPLAIN(l, path, ".outlets", "there is no outlet %s", uplink->outlets[i].id);
    }
    check_allow(l, uplink, path);
    check_factors(l, uplink, path);
}

void check_uplinks(struct loader *l)
{
    for (size_t n = 0; n < l->plant->uplink_count; n++)
        check_uplink(l, n);
}
