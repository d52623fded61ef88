/* What the configuration says of an outlet: its channels and their limits, its duct, its operating states. Read it
 * bottom up. */
#include "config/plant_schema.h"

#include "config/schema_rows.h"

#include "model/plant.h"

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
    NUMBER(channel, resolution, "resolution", 0, 1e6, "none",
           "Least step of the instrument, in the factor's unit; by default that of the factor's decimals."),
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
const struct section OUTLET_SECTION = {"outlets[]", OUTLET_ROWS, COUNT(OUTLET_ROWS)};
