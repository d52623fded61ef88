/* Read it bottom up: the plant at the end is made of the sections before it. */
#include "config/plant_schema.h"

#include "config/schema_rows.h"

#include "model/plant.h"

const struct choice MB_TABLE_CHOICES[] = {
    {"coil", MB_COIL}, {"discrete", MB_DISCRETE}, {"holding", MB_HOLDING}, {"input", MB_INPUT}, {NULL, 0}};
const struct choice MB_TYPE_CHOICES[] = {{"u16", MB_U16},         {"i16", MB_I16},         {"u32", MB_U32},
                                         {"i32", MB_I32},         {"u64", MB_U64},         {"i64", MB_I64},
                                         {"float32", MB_FLOAT32}, {"float64", MB_FLOAT64}, {"bcd16", MB_BCD16},
                                         {"bcd32", MB_BCD32},     {"bit", MB_BIT},         {NULL, 0}};
const struct choice MB_ORDER_CHOICES[] = {{"ab", MB_AB},
                                          {"ba", MB_BA},
                                          {"abcd", MB_ABCD},
                                          {"cdab", MB_CDAB},
                                          {"badc", MB_BADC},
                                          {"dcba", MB_DCBA},
                                          {"abcdefgh", MB_ABCDEFGH},
                                          {"ghefcdab", MB_GHEFCDAB},
                                          {"badcfehg", MB_BADCFEHG},
                                          {"hgfedcba", MB_HGFEDCBA},
                                          {NULL, 0}};
const struct choice MARK_CHOICES[] = {{"N", MARK_N}, {"F", MARK_F}, {"M", MARK_M}, {"S", MARK_S},   {"D", MARK_D},
                                      {"C", MARK_C}, {"T", MARK_T}, {"B", MARK_B}, {"Td", MARK_TD}, {NULL, 0}};

static const struct field SITE_ROWS[] = {
    {.key = "name",
     .kind = FIELD_TEXT,
     .at = 0,
     .size = TEXT_BYTES,
     .given_at = NO,
     .doc = "The discharger's name as the portals show it."},
    {.key = "code",
     .kind = FIELD_TEXT,
     .at = TEXT_BYTES,
     .size = NAME_BYTES,
     .given_at = NO,
     .doc = "Unified social credit code."},
    {.key = "mn",
     .kind = FIELD_TEXT,
     .at = TEXT_BYTES + NAME_BYTES,
     .size = NAME_BYTES,
     .given_at = NO,
     .doc = "Device number (MN) of HJ 212, 1 to 24 characters 0-9 A-Z; part of every topic."},
};
SECTION(SITE_SECTION, "site", SITE_ROWS);

static const struct field KEEP_ROWS[] = {
    INTEGER(keep, samples_days, "samples_days", 0, 36500, "400", "Raw samples; 0: for ever."),
    INTEGER(keep, realtime_days, "realtime_days", 0, 36500, "30",
            "Bodies of real-time disclosures; their chain values stay. 0: for ever."),
    INTEGER(keep, minute_days, "minute_days", 0, 36500, "400",
            "Bodies of minute disclosures, the same; the figures stay in the table of records. 0: for ever."),
    NUMBER(keep, max_gib, "max_gib", 0, 1048576, "0",
           "Size from which on the oldest of these go before their time, samples first; 0: however large."),
};
SECTION(KEEP_SECTION, "journal.keep", KEEP_ROWS);
static const struct choice CHAINS[] = {{"sha256", 0}, {"sm3", 1}, {NULL, 0}};
static const struct field JOURNAL_ROWS[] = {
    {.key = "path",
     .kind = FIELD_TEXT,
     .at = 0,
     .size = PATH_BYTES,
     .otherwise = "/var/lib/cemsd/journal.db",
     .given_at = NO,
     .doc = "The SQLite file that holds everything, durable and chained."},
    {.key = "keep",
     .kind = FIELD_SECTION,
     .at = PATH_BYTES,
     .section = &KEEP_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "How long what is kept. What goes, goes after a signed checkpoint stands for it."},
    CHOICE(
        journal_place, chain, "chain", CHAINS, "sha256",
        "Hash of the chains of a journal that is made: SHA-256, or SM3 (GB/T 32905). One that is there keeps its own."),
};
SECTION(JOURNAL_SECTION, "journal", JOURNAL_ROWS);

static const struct field CONTROL_ROWS[] = {
    {.key = "bind",
     .kind = FIELD_TEXT,
     .at = 0,
     .size = PATH_BYTES,
     .otherwise = "",
     .given_at = NO,
     .doc = "ipc:// endpoint for cemsctl on this machine, guarded by file permissions; without it cemsctl uses "
            "feeds.replay."},
};
SECTION(CONTROL_SECTION, "control", CONTROL_ROWS);

static const struct field CONSOLE_ROWS[] = {
    TEXT(console_place, bind, "bind", NULL, "ADDRESS:PORT of the pages and the read-only HTTP API (docs/console.md)."),
    TEXT(console_place, access_file, "access_file", "",
         "Who may see the operator's pages (cemsctl access); the public ones stay open. Without it all are. Read again "
         "on "
         "SIGHUP."),
    TEXT(console_place, certificate, "certificate", "",
         "Certificate chain in PEM: HTTPS instead of HTTP. Read again on SIGHUP."),
    TEXT(console_place, key, "key", "", "Private key of the certificate in PEM, mode 0600."),
};
SECTION(CONSOLE_SECTION, "console", CONSOLE_ROWS);

static const struct field FEED_ROWS[] = {
    TEXT(feed_bind, bind, "bind", NULL,
         "ZeroMQ endpoint, tcp://ADDRESS:PORT or ipc://PATH. Beyond loopback it needs curve or insecure."),
    INTEGER(feed_bind, high_water, "high_water", 10, 1000000, "10000",
            "Messages kept for a slow subscriber before it loses some, which it can repair by replay."),
    FLAG(feed_bind, insecure, "insecure", "false", "Accept that anyone on the network can read this feed."),
};
static const struct field DISCLOSURE_ROWS[] = {
    TEXT(feed_bind, bind, "bind", NULL,
         "ZeroMQ endpoint, tcp://ADDRESS:PORT or ipc://PATH. Beyond loopback it needs curve or insecure."),
    INTEGER(feed_bind, realtime_s, "realtime_s", 1, 3600, "10", "Seconds between real-time messages of an outlet."),
    INTEGER(feed_bind, high_water, "high_water", 10, 1000000, "10000",
            "Messages kept for a slow subscriber before it loses some, which it can repair by replay."),
    FLAG(feed_bind, insecure, "insecure", "false", "Accept that anyone on the network can read this feed."),
};
SECTION(FEED_SECTION, "feeds.alarm, feeds.replay", FEED_ROWS);
SECTION(DISCLOSURE_SECTION, "feeds.disclosure", DISCLOSURE_ROWS);

static const struct field CURVE_ROWS[] = {
    TEXT(curve_settings, server_key, "server_key", NULL,
         "File with the CURVE secret key of the feeds (cemsctl keygen --curve), mode 0600."),
    TEXT(curve_settings, clients_dir, "clients_dir", NULL,
         "Folder with one public-key file per client; others get nothing. Read again on SIGHUP."),
};
SECTION(CURVE_SECTION, "feeds.curve", CURVE_ROWS);

static const struct field FEEDS_ROWS[] = {
    PART(feeds, alarm, "alarm", FEED_SECTION, "", AT(feeds, has_alarm), "Where alarms are published."),
    PART(feeds, disclosure, "disclosure", DISCLOSURE_SECTION, "", AT(feeds, has_disclosure),
         "Where disclosed figures are published."),
    PART(feeds, replay, "replay", FEED_SECTION, "", AT(feeds, has_replay),
         "Where subscribers ask for what they missed."),
    INTEGER(feeds, heartbeat_s, "heartbeat_s", 1, 3600, "5", "Seconds between heartbeats of a feed."),
    TEXT(feeds, signing_key, "signing_key", "",
         "Ed25519 or SM2 private key in PEM (cemsctl keygen), mode 0600; without it messages are unsigned."),
    TEXT(feeds, previous_key, "previous_key", "",
         "The key in use before; it endorses the new one in the journal. To be taken away once that is done."),
    TEXTS(feeds, revoked, revoked_count, "revoked_keys", 16, "",
          "Ids of keys that count no more from the moment this is first read; the journal keeps that."),
    PART(feeds, curve, "curve", CURVE_SECTION, "", AT(feeds, has_curve),
         "Encryption and access for all feeds (CURVE)."),
};
SECTION(FEEDS_SECTION, "feeds", FEEDS_ROWS);

#define RULE(m) .at = AT(alarm_rules, m)
static const struct field INSTANTANEOUS_ROWS[] = {
    {.key = "multiple",
     .kind = FIELD_NUMBER,
     .at = 0,
     .min = 0.1,
     .max = 100,
     .otherwise = "2",
     .given_at = NO,
     .doc = "Times the hour limit ..."},
    {.key = "samples",
     .kind = FIELD_INTEGER,
     .at = sizeof(double),
     .min = 1,
     .max = 100000,
     .otherwise = "12",
     .given_at = NO,
     .doc = "... for so many samples in a row."},
};
SECTION(INSTANTANEOUS_SECTION, "alarms.instantaneous", INSTANTANEOUS_ROWS);
static const struct field WARNING_ROWS[] = {
    {.key = "share",
     .kind = FIELD_NUMBER,
     .at = 0,
     .min = 0.1,
     .max = 1,
     .otherwise = "0.8",
     .given_at = NO,
     .doc = "Share of the limit the hour mean so far reaches ..."},
    {.key = "minutes",
     .kind = FIELD_INTEGER,
     .at = sizeof(double),
     .min = 1,
     .max = 60,
     .otherwise = "15",
     .given_at = NO,
     .doc = "... with at least so many valid minutes."},
};
SECTION(WARNING_SECTION, "alarms.warning", WARNING_ROWS);
static const struct field MISSING_ROWS[] = {
    {.key = "minutes",
     .kind = FIELD_INTEGER,
     .at = 0,
     .min = 1,
     .max = 1440,
     .otherwise = "5",
     .given_at = NO,
     .doc = "Minutes without a valid value."},
    {.key = "line_channels",
     .kind = FIELD_INTEGER,
     .at = sizeof(int),
     .min = 2,
     .max = 16384,
     .otherwise = "10",
     .given_at = NO,
     .doc = "A silent line with at least so many channels is one alarm of the line instead of one a channel."},
};
SECTION(MISSING_SECTION, "alarms.missing", MISSING_ROWS);
static const struct field SWITCH_ROWS[] = {
    {.key = "on", .kind = FIELD_FLAG, .at = 0, .otherwise = "true", .given_at = NO, .doc = "Whether it is said."},
};
SECTION(PROJECTED_SECTION, "alarms.projected, alarms.day_projected", SWITCH_ROWS);
static const struct field INSTRUMENT_ROWS[] = {
    {.key = "samples",
     .kind = FIELD_INTEGER,
     .at = 0,
     .min = 1,
     .max = 100000,
     .otherwise = "3",
     .given_at = NO,
     .doc = "Samples in a row with a mark other than N (B is for missing) that raise it, and with N that clear it."},
};
SECTION(INSTRUMENT_SECTION, "alarms.instrument", INSTRUMENT_ROWS);
static const struct field UPLINK_ALARM_ROWS[] = {
    {.key = "minutes",
     .kind = FIELD_INTEGER,
     .at = 0,
     .min = 1,
     .max = 100000,
     .otherwise = "30",
     .given_at = NO,
     .doc = "Minutes without an acknowledgement although the platform is down or has something to be told."},
};
SECTION(UPLINK_ALARM_SECTION, "alarms.uplink", UPLINK_ALARM_ROWS);
static const struct field SUSPECT_ROWS[] = {
    FLAG(suspect_rules, on, "on", "true", "Whether figures that look made up are said."),
    INTEGER(suspect_rules, stuck_minutes, "stuck_minutes", 10, 10080, "60",
            "Minutes with a spread below the instrument's resolution while another factor of the outlet varies."),
    INTEGER(suspect_rules, repeat_minutes, "repeat_minutes", 10, 720, "30",
            "Minutes in a row that are the same as earlier ones of the last day."),
    NUMBER(suspect_rules, clipped_share, "clipped_share", 0.05, 1, "0.2",
           "Share of an hour's minutes within 1 % of its highest one, where that is just below the limit and others "
           "are not."),
    NUMBER(suspect_rules, dilution_o2, "dilution_o2", 5, 21, "19",
           "Oxygen (%) from which on, or 3 sigma above its week if that is less, falling figures at a steady flow look "
           "diluted ..."),
    INTEGER(suspect_rules, dilution_minutes, "dilution_minutes", 1, 1440, "10", "... for so many minutes."),
    INTEGER(suspect_rules, inconsistent_minutes, "inconsistent_minutes", 1, 10080, "60",
            "Minutes of running with a pollutant at zero, or of standing still with one above a tenth of its limit."),
    NUMBER(suspect_rules, calibration_share, "calibration_share", 0.001, 1, "0.1",
           "Share of a day marked C or M; or three times in a day when the hour nears its limit."),
};
SECTION(SUSPECT_SECTION, "alarms.suspect", SUSPECT_ROWS);
static const struct field ALARM_ROWS[] = {
    {.key = "instantaneous",
     .kind = FIELD_SECTION,
     RULE(instantaneous),
     .section = &INSTANTANEOUS_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "A converted value far above the limit."},
    {.key = "warning",
     .kind = FIELD_SECTION,
     RULE(warning),
     .section = &WARNING_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "The hour is on its way to the limit."},
    {.key = "projected",
     .kind = FIELD_SECTION,
     RULE(projected),
     .section = &PROJECTED_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "The hour would close above its limit if it went on like the last 5 minutes."},
    {.key = "day_projected",
     .kind = FIELD_SECTION,
     RULE(day_projected),
     .section = &PROJECTED_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "The same for the day and its last hour."},
    {.key = "missing",
     .kind = FIELD_SECTION,
     RULE(missing),
     .section = &MISSING_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "No valid value."},
    {.key = "instrument",
     .kind = FIELD_SECTION,
     RULE(instrument),
     .section = &INSTRUMENT_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "The instrument says it is not measuring."},
    {.key = "uplink",
     .kind = FIELD_SECTION,
     RULE(uplink),
     .section = &UPLINK_ALARM_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "A platform that can't be reached."},
    {.key = "suspect",
     .kind = FIELD_SECTION,
     RULE(suspect),
     .section = &SUSPECT_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "Figures that look made up."},
    NUMBER(alarm_rules, hysteresis, "hysteresis", 0, 0.5, "0.05",
           "Share of the limit a value must fall below it before an alarm clears."),
    INTEGER(alarm_rules, escalate_minutes, "escalate_minutes", 0, 100000, "0",
            "Unacknowledged for so long, an alarm is told again one severity higher; 0: never."),
    INTEGER(alarm_rules, remind_minutes, "remind_minutes", 0, 100000, "0",
            "Unacknowledged, an alarm is told again so often; 0: never."),
};
SECTION(ALARM_SECTION, "alarms", ALARM_ROWS);

static const struct field FACTOR_ROWS[] = {
    TEXT(factor_row, code, "code", NULL, "Up to 7 letters and digits; a code of the table is overridden."),
    TEXT(factor_row, code_2005, "code_2005", "", "Code in frames of 2005."),
    TEXT(factor_row, name, "name", NULL, "Chinese name."),
    TEXT(factor_row, name_en, "name_en", "", "English name."),
    TEXT(factor_row, unit, "unit", "", "mg/m3, mg/L ...; without one it is a bare number."),
    TEXT(factor_row, amount_unit, "amount_unit", "",
         "kg (concentration in mg/m3 or mg/L) or g (ng/m3) makes it a pollutant."),
    INTEGER(factor_row, decimals, "decimals", 0, 9, "3", "Digits after the point."),
};
SECTION(FACTOR_SECTION, "factors[]", FACTOR_ROWS);

#define P(m) .at = offsetof(struct plant, m)
static const struct field PLANT_ROWS[] = {
    {.key = "site", .kind = FIELD_SECTION, P(site), .section = &SITE_SECTION, .given_at = NO, .doc = "Who discharges."},
    {.key = "journal",
     .kind = FIELD_SECTION,
     P(journal),
     .section = &JOURNAL_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "What is kept."},
    {.key = "control",
     .kind = FIELD_SECTION,
     P(control),
     .section = &CONTROL_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "The operator's door."},
    {.key = "console",
     .kind = FIELD_SECTION,
     P(console),
     .section = &CONSOLE_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "What is shown."},
    {.key = "feeds",
     .kind = FIELD_SECTION,
     P(feeds),
     .section = &FEEDS_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "What is published."},
    LIST(plant, factors, factor_count, "factors", FACTOR_SECTION, FACTORS_DECLARED_MAX, "",
         "Factors beyond the table of HJ 212."),
    LIST(plant, lines, line_count, "lines", LINE_SECTION, LINES_MAX, "", "The wires."),
    LIST(plant, outlets, outlet_count, "outlets", OUTLET_SECTION, OUTLETS_MAX, "", "The places of discharge."),
    {.key = "alarms",
     .kind = FIELD_SECTION,
     P(alarms),
     .section = &ALARM_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "When somebody is told."},
    LIST(plant, uplinks, uplink_count, "uplinks", UPLINK_SECTION, UPLINKS_MAX, "",
         "HJ 212 platforms that are reported to."),
};
const struct section PLANT_SCHEMA = {"the file", PLANT_ROWS, COUNT(PLANT_ROWS)};
