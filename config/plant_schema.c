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
static const struct choice JUDGED[] = {{"5min", PERIOD_5MIN}, {"hour", PERIOD_HOUR},   {"2hour", PERIOD_2HOUR},
                                       {"day", PERIOD_DAY},   {"month", PERIOD_MONTH}, {NULL, 0}};
static const struct choice COMPUTED_RULES[] = {
    {"nox", COMPUTED_NOX}, {"difference", COMPUTED_DIFFERENCE}, {"sum", COMPUTED_SUM}, {NULL, 0}};
static const struct choice OPERATING[] = {{"running", OPERATING_RUNNING},
                                          {"start-up", OPERATING_START_UP},
                                          {"shut-down", OPERATING_SHUT_DOWN},
                                          {"stopped", OPERATING_STOPPED},
                                          {"failure", OPERATING_FAILURE},
                                          {"maintenance", OPERATING_MAINTENANCE},
                                          {NULL, 0}};
static const struct choice TREATMENTS[] = {
    {"judge", TREAT_JUDGE}, {"apart", TREAT_APART}, {"skip", TREAT_SKIP}, {NULL, 0}};

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
    TEXT(limit, from, "from", "", "First day it applies, 2027-01-01; open by default."),
    TEXT(limit, until, "until", "", "First day it no longer applies."),
    TEXT(limit, season, "season", "", "Days of the year it applies, both included, 11-15..03-15."),
    NUMBER(limit, when_above, "when_above", -50, 100, "none",
           "Applies only when the water temperature of the period is above this, degC."),
    NUMBER(limit, when_at_most, "when_at_most", -50, 100, "none", "... is at most this, degC."),
};
SECTION(LIMIT_SECTION, "outlets[].channels[].limits[]", LIMIT_ROWS);

static const struct field COMPUTED_ROWS[] = {
    CHOICE(computed, rule, "rule", COMPUTED_RULES, NULL,
           "nox: NO * 46/30 + NO2. difference: the first less the others (THC - methane). sum: all of them."),
    TEXTS(computed, of, count, "of", TERMS_MAX, NULL,
          "Factors of other channels of the outlet, dry and at standard state; for nox a21003, a21004."),
};
SECTION(COMPUTED_SECTION, "outlets[].channels[].computed", COMPUTED_ROWS);

static const struct field TOTALIZER_ROWS[] = {
    NUMBER(totalizer, m3_per_count, "m3_per_count", 1e-9, 1e6, "1", "Volume of one count."),
    NUMBER(totalizer, rollover, "rollover", 0, 1e18, "0", "Counts after which it begins at 0 again; 0: never."),
    NUMBER(totalizer, max_flow, "max_flow", 0.001, 1e9, "1e9",
           "L/s; a difference beyond it is taken as a reset of the counter, not as a flow."),
};
SECTION(TOTALIZER_SECTION, "outlets[].channels[].totalizer", TOTALIZER_ROWS);

static const struct field CHANNEL_ROWS[] = {
    TEXT(channel, factor_code, "factor", NULL, "Factor code of HJ 212 annex B (a21026, w01018) or its 2005 code."),
    PART(channel, source, "source", SOURCE_SECTION, "", AT(channel, has_source),
         "Where the value is read; every channel has this or computed."),
    PART(channel, computed, "computed", COMPUTED_SECTION, "", AT(channel, has_computed),
         "The value is made of other channels of the outlet."),
    PART(channel, totalizer, "totalizer", TOTALIZER_SECTION, "", AT(channel, has_totalizer),
         "The source of w00000 is a counter of volume; the flow is its difference."),
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
    NUMBER(channel, permitted, "permitted_per_year", 0, 1e15, "none",
           "Amount the permit allows in a calendar year, in the factor's amount unit (kg, g)."),
};
SECTION(CHANNEL_SECTION, "outlets[].channels[]", CHANNEL_ROWS);

static const struct field DUCT_ROWS[] = {
    NUMBER(duct, area_m2, "area_m2", 0.001, 10000, "none", "Cross-section; without it no flow is computed."),
    NUMBER(duct, velocity_factor, "velocity_factor", 0.01, 10, "1",
           "K_v, velocity of the section over that of the point."),
    NUMBER(duct, ambient_kpa, "ambient_kpa", 50, 120, "101.325", "Ambient pressure."),
};
SECTION(DUCT_SECTION, "outlets[].duct", DUCT_ROWS);

static const struct field MOISTURE_ROWS[] = {
    {.key = "last_good_s",
     .kind = FIELD_INTEGER,
     .at = AT(moisture_fallback, last_good_s),
     .min = 0,
     .max = 86400,
     .otherwise = "0",
     .given_at = NO,
     .doc = "The last good moisture stands in for so long."},
    NUMBER(moisture_fallback, fixed, "fixed", 0, 99, "none", "Then, or without a channel, this moisture in %."),
};
SECTION(MOISTURE_SECTION, "outlets[].moisture", MOISTURE_ROWS);

static const struct field STATE_RULE_ROWS[] = {
    CHOICE(state_rule, state, "state", OPERATING, NULL, "The state this row tells."),
    TEXT(state_rule, factor_code, "factor", NULL,
         "Channel of the outlet it looks at: oxygen, temperature, flow, a state "
         "register declared under factors."),
    NUMBER(state_rule, above, "above", -1e12, 1e12, "none", "The minute mean is above this."),
    NUMBER(state_rule, below, "below", -1e12, 1e12, "none", "The minute mean is below this."),
    NUMBER(state_rule, is, "is", -1e12, 1e12, "none", "The latest value is exactly this (a register)."),
    INTEGER(state_rule, minutes, "minutes", 1, 1440, "1", "For so many minutes in a row."),
};
SECTION(STATE_RULE_SECTION, "outlets[].operation.rules[]", STATE_RULE_ROWS);

#define TREATED(s, k, fallback)                                                                                        \
    {                                                                                                                  \
        .key = k, .kind = FIELD_CHOICE, .at = (s) * sizeof(enum treatment), .choices = TREATMENTS,                     \
        .otherwise = fallback, .given_at = NO,                                                                         \
        .doc =                                                                                                         \
            "judge: like any other hour. apart: shown, but no alarm and not in the monthly share. skip: not judged."   \
    }
static const struct field TREATMENT_ROWS[] = {
    TREATED(OPERATING_RUNNING, "running", "judge"),     TREATED(OPERATING_START_UP, "start-up", "apart"),
    TREATED(OPERATING_SHUT_DOWN, "shut-down", "apart"), TREATED(OPERATING_STOPPED, "stopped", "skip"),
    TREATED(OPERATING_FAILURE, "failure", "judge"),     TREATED(OPERATING_MAINTENANCE, "maintenance", "apart"),
};
SECTION(TREATMENT_SECTION, "outlets[].operation.treatment", TREATMENT_ROWS);

static const struct field OPERATION_ROWS[] = {
    LIST(operation, rules, rule_count, "rules", STATE_RULE_SECTION, STATE_RULES_MAX, "",
         "The first row that fits tells the state of a minute."),
    CHOICE(operation, otherwise, "otherwise", OPERATING, "running", "The state when no row fits."),
    PART(operation, treatment, "treatment", TREATMENT_SECTION, "", NO, "What a state means for judging."),
};
SECTION(OPERATION_SECTION, "outlets[].operation", OPERATION_ROWS);

static const struct field OUTLET_ROWS[] = {
    TEXT(outlet, id, "id", NULL, "Permit number of the outlet (DA001, DW001); unique; part of every topic."),
    TEXT(outlet, name, "name", NULL, "Name as the portals show it."),
    CHOICE(outlet, medium, "medium", MEDIA, NULL, "gas or water."),
    TEXT(outlet, standard, "standard", "", "Standard of the limit library (config/limits)."),
    PART(outlet, duct, "duct", DUCT_SECTION, "", AT(outlet, has_duct), "Duct of a gas outlet."),
    NUMBER(outlet, reference_o2, "reference_o2", 0, 20.9, "none",
           "Reference oxygen, % dry; the standard's by default."),
    NUMBER(outlet, excess_air, "excess_air", 1, 100, "none",
           "Excess-air coefficient of a standard that names one instead of a reference oxygen (alpha = 21/(21 - O2))."),
    NUMBER(outlet, o2_max, "o2_max", 1, 20.999, "20", "Oxygen above which nothing is converted, % dry."),
    FLAG(outlet, confirm_limits, "confirm_limits", "false",
         "The operator has confirmed the figures of the standard that the library marks to be confirmed."),
    TEXT(outlet, ultra_low, "ultra_low", "",
         "Standard of the library whose hour limits are the ultra-low values, for the monthly share."),
    PART(outlet, moisture, "moisture", MOISTURE_SECTION, "", NO,
         "What stands in for a missing moisture; figures made with it are published as assumed."),
    PART(outlet, operation, "operation", OPERATION_SECTION, "", AT(outlet, has_operation),
         "How the state of the plant is known."),
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
