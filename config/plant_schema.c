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

static const struct choice MEDIA[] = {{"gas", MEDIUM_GAS}, {"water", MEDIUM_WATER}, {NULL, 0}};
static const struct choice STATES[] = {{"standard", STATE_STANDARD}, {"actual", STATE_ACTUAL}, {NULL, 0}};
static const struct choice MOISTURES[] = {{"dry", MOISTURE_DRY}, {"wet", MOISTURE_WET}, {NULL, 0}};
static const struct choice JUDGED[] = {{"hour", PERIOD_HOUR}, {"2hour", PERIOD_2HOUR}, {"day", PERIOD_DAY}, {NULL, 0}};

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

static const struct field JOURNAL_ROWS[] = {
    {.key = "path",
     .kind = FIELD_TEXT,
     .at = 0,
     .size = PATH_BYTES,
     .otherwise = "/var/lib/cemsd/journal.db",
     .given_at = NO,
     .doc = "The SQLite file that holds everything, durable and chained."},
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
    {.key = "bind",
     .kind = FIELD_TEXT,
     .at = 0,
     .size = PATH_BYTES,
     .given_at = NO,
     .doc = "ADDRESS:PORT of the read-only HTTP API: /healthz, /metrics, /api/v1/status, outlets, alarms, records."},
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
         "Ed25519 private key in PEM (cemsctl keygen), mode 0600; without it messages are unsigned."),
    PART(feeds, curve, "curve", CURVE_SECTION, "", AT(feeds, has_curve),
         "Encryption and access for all feeds (CURVE)."),
};
SECTION(FEEDS_SECTION, "feeds", FEEDS_ROWS);

static const struct field BASIS_ROWS[] = {
    TEXT(basis, unit, "unit", "", "Unit the analyzer sends: the factor's own, or ppm."),
    CHOICE(basis, state, "state", STATES, "standard", "Standard state (273 K, 101.325 kPa) or actual flue-gas state."),
    CHOICE(basis, moisture, "moisture", MOISTURES, "dry", "Dry or wet basis."),
};
SECTION(BASIS_SECTION, "outlets[].channels[].basis", BASIS_ROWS);

static const struct field SCALE_ROWS[] = {
    {.key = "raw",
     .kind = FIELD_PAIR,
     .at = 0,
     .min = -1e15,
     .max = 1e15,
     .otherwise = NULL,
     .given_at = NO,
     .doc = "Two raw values, ..."},
    {.key = "value",
     .kind = FIELD_PAIR,
     .at = sizeof(double[2]),
     .min = -1e15,
     .max = 1e15,
     .otherwise = NULL,
     .given_at = NO,
     .doc = "... and what they mean, in the channel's unit."},
};
SECTION(SCALE_SECTION, "outlets[].channels[].scale", SCALE_ROWS);

/* marks fill the channel itself: its base is the channel's marks_source */
#define FROM_MARKS(m) (AT(channel, m) - AT(channel, marks_source))
static const struct field MARKS_ROWS[] = {
    {.key = "source",
     .kind = FIELD_SECTION,
     .at = 0,
     .section = &SOURCE_SECTION,
     .given_at = NO,
     .doc = "Where the instrument's state is read."},
    {.key = "table",
     .kind = FIELD_TABLE,
     .at = FROM_MARKS(mark_rows),
     .size = sizeof(struct mark_row),
     .choices = MARK_CHOICES,
     .min = -32768,
     .max = 65535,
     .count_at = FROM_MARKS(mark_row_count),
     .most = MARK_ROWS_MAX,
     .otherwise = NULL,
     .given_at = NO,
     .doc = "Raw state and its mark, {1: C, 2: M}; a state that is not named is N."},
};
SECTION(MARKS_SECTION, "outlets[].channels[].marks", MARKS_ROWS);

static const struct field LIMIT_ROWS[] = {
    CHOICE(limit, period, "period", JUDGED, "hour", "The mean that is judged."),
    NUMBER(limit, max, "max", -1e9, 1e9, "none", "Highest that complies."),
    NUMBER(limit, min, "min", -1e9, 1e9, "none", "Lowest that complies (pH)."),
    TEXT(limit, unit, "unit", "", "Unit of the limit; the factor's own by default, required when the factor has none."),
    TEXT(limit, source, "source", NULL, "Legal source: standard and clause, or permit."),
};
SECTION(LIMIT_SECTION, "outlets[].channels[].limits[]", LIMIT_ROWS);

static const struct field CHANNEL_ROWS[] = {
    TEXT(channel, factor_code, "factor", NULL, "Factor code of HJ 212 annex B (a21026, w01018) or its 2005 code."),
    PART(channel, source, "source", SOURCE_SECTION, NULL, NO, "Where the value is read."),
    INTEGER(channel, interval_ms, "interval_ms", 10, 14400000, "1000",
            "How often it is read, at most every 5000 for flue gas (HJ 76); of a batch analyzer, how often it has a "
            "value."),
    PAIR(channel, range, "range", -1e12, 1e12, AT(channel, has_range),
         "Measuring range; above it the mark is T, clearly below it D."),
    PART(channel, scale_raw, "scale", SCALE_SECTION, "", AT(channel, has_scale), "Linear scaling of the raw value."),
    PART(channel, basis, "basis", BASIS_SECTION, "", NO, "What the analyzer's figure refers to."),
    PART(channel, marks_source, "marks", MARKS_SECTION, "", AT(channel, has_marks),
         "The instrument's state and what it means."),
    LIST(channel, actions, action_count, "actions", ACTION_SECTION, ACTIONS_MAX, "",
         "What a platform's control commands do to the instrument; others are answered with ExeRtn=3."),
    LIST(channel, limits, limit_count, "limits", LIMIT_SECTION, LIMITS_PER_CHANNEL, "",
         "Limits of this outlet's permit; they override the standard's of the same period."),
};
SECTION(CHANNEL_SECTION, "outlets[].channels[]", CHANNEL_ROWS);

static const struct field DUCT_ROWS[] = {
    NUMBER(duct, area_m2, "area_m2", 0.001, 10000, "none", "Cross-section; without it no flow is computed."),
    NUMBER(duct, velocity_factor, "velocity_factor", 0.01, 10, "1",
           "K_v, velocity of the section over that of the point."),
    NUMBER(duct, ambient_kpa, "ambient_kpa", 50, 120, "101.325", "Ambient pressure."),
};
SECTION(DUCT_SECTION, "outlets[].duct", DUCT_ROWS);

static const struct field OUTLET_ROWS[] = {
    TEXT(outlet, id, "id", NULL, "Permit number of the outlet (DA001, DW001); unique; part of every topic."),
    TEXT(outlet, name, "name", NULL, "Name as the portals show it."),
    CHOICE(outlet, medium, "medium", MEDIA, NULL, "gas or water."),
    TEXT(outlet, standard, "standard", "", "Standard of the limit library (config/limits)."),
    PART(outlet, duct, "duct", DUCT_SECTION, "", AT(outlet, has_duct), "Duct of a gas outlet."),
    NUMBER(outlet, reference_o2, "reference_o2", 0, 20.9, "none",
           "Reference oxygen, % dry; the standard's by default."),
    NUMBER(outlet, o2_max, "o2_max", 1, 20.999, "20", "Oxygen above which nothing is converted, % dry."),
    LIST(outlet, channels, channel_count, "channels", CHANNEL_SECTION, CHANNELS_PER_OUTLET, NULL, "What is measured."),
};
SECTION(OUTLET_SECTION, "outlets[]", OUTLET_ROWS);

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
};
SECTION(MISSING_SECTION, "alarms.missing", MISSING_ROWS);
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
    NUMBER(alarm_rules, hysteresis, "hysteresis", 0, 0.5, "0.05",
           "Share of the limit a value must fall below it before an alarm clears."),
};
SECTION(ALARM_SECTION, "alarms", ALARM_ROWS);

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
