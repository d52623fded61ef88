/* The plant as its operator configured it: lines, outlets, channels, limits, rules. Immutable once loaded
 * (config/load.h makes it, config/load.h frees it); every other room borrows it. */
#ifndef CEMSD_MODEL_PLANT_H
#define CEMSD_MODEL_PLANT_H

#include "model/factor.h"
#include "model/link.h"
#include "model/mark.h"
#include "model/period.h"
#include "model/point.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NAME_BYTES = 64,  /* ids and names of lines and outlets, UTF-8 with its zero */
    TEXT_BYTES = 192, /* sentences: site names, legal sources */
    PATH_BYTES = 256,
    LINES_MAX = 256,
    OUTLETS_MAX = 1024,
    CHANNELS_PER_OUTLET = 64,
    CHANNELS_MAX = 16384,
    LIMITS_PER_CHANNEL = 8,
    MARK_ROWS_MAX = 32,
    FACTORS_DECLARED_MAX = 256,
    TERMS_MAX = 16,
    STATE_RULES_MAX = 16,
};

enum line_kind {
    LINE_MODBUS_TCP,
    LINE_MODBUS_RTU,
    LINE_MODBUS_RTU_OVER_TCP,
    LINE_HJ212_LISTEN,
    LINE_HJ212_CONNECT,
    LINE_HJ212_SERIAL
};
enum parity { PARITY_NONE, PARITY_EVEN, PARITY_ODD };

struct tcp_peer {
    char host[NAME_BYTES * 2];
    int port;
};

struct serial {
    char device[PATH_BYTES];
    int baud, data_bits, stop_bits;
    enum parity parity;
};

struct line {
    char name[NAME_BYTES];
    enum line_kind kind; /* which of those below was given */
    bool has_tcp, has_rtu, has_rtu_over_tcp, has_hj212_listen, has_hj212_connect, has_hj212_serial;
    struct tcp_peer tcp, rtu_over_tcp;
    struct serial rtu; /* modbus_rtu, hj212_serial */
    struct hj212_link hj212;
    int timeout_ms;    /* for one whole answer */
    int pause_ms;      /* silence kept between an answer and the next request */
    int max_registers; /* most registers of one request, 1..125 */
    int max_gap;       /* most unneeded registers read to join two points */
};

struct source {
    char line[NAME_BYTES];
    int line_index;     /* into plant->lines */
    struct point point; /* of a Modbus line */
    bool has_address, has_factor;
    struct item_source item; /* of an HJ 212 line */
};

/* What a platform's control command does to an instrument (HJ 212 3011..3024). */
struct action {
    int cn;
    int calibration;  /* 3011: 0 zero, 1 span, -1 either */
    struct source at; /* Modbus write: coil or holding register */
    int value;
    bool pass_through; /* HJ 212 line: the command is handed to the analyzer */
};

/* A raw status value and the mark it stands for. */
struct mark_row {
    int raw;
    enum mark mark;
};

enum gas_state { STATE_STANDARD, STATE_ACTUAL };
enum moisture { MOISTURE_DRY, MOISTURE_WET };

struct basis {
    char unit[16]; /* "" = the factor's own; "ppm" is turned into mg/m3 */
    enum gas_state state;
    enum moisture moisture;
};

/* One limit. It applies to periods that begin within its validity and season and whose water temperature fits. */
struct limit {
    enum period period;
    int season_from, season_until; /* month · 100 + day, both days included; 0 = all the year */
    double min, max;               /* NAN when that side is open */
    int64_t from_ms, until_ms;     /* first moment, first moment no more; INT64_MIN, INT64_MAX when open */
    double when_above;             /* of the water temperature of the same period, degC; NAN: whatever it is */
    double when_at_most;
    char unit[16];
    char source[TEXT_BYTES];  /* legal source: standard, clause, permit */
    char from[16], until[16]; /* "2027-01-01": the same as written; "" = open */
    char season[16];          /* "11-15..03-15"; "" = all the year */
};

/* What a channel is to its outlet. */
enum role {
    ROLE_POLLUTANT,
    ROLE_OXYGEN,
    ROLE_TEMPERATURE,
    ROLE_PRESSURE,
    ROLE_MOISTURE,
    ROLE_VELOCITY,
    ROLE_FLOW,
    ROLE_WATER_TEMPERATURE,
    ROLE_PARAMETER,
    ROLES
};

/* A figure made of other channels of the outlet instead of a source: value = sum of times · value, each dry and at
 * standard state. */
enum computed_rule { COMPUTED_NOX, COMPUTED_DIFFERENCE, COMPUTED_SUM };
struct code_text {
    char code[8];
};
struct computed {
    enum computed_rule rule;
    struct code_text *of; /* factor codes, in order */
    size_t count;
    size_t channel[TERMS_MAX]; /* their places in outlet->channels */
    size_t trigger;            /* the slowest of them: a value of it makes a value of this */
    double times[TERMS_MAX];   /* NO · 46/30 + NO2; first - others; all */
};

/* A counter of volume in place of a flow: the flow is its difference. */
struct totalizer {
    double m3_per_count, rollover; /* rollover in counts; 0: it never rolls over */
    double max_flow;               /* L/s; a difference beyond it is a reset */
};

/* What every sample needs comes first. */
struct channel {
    const struct factor *factor;
    enum role role;
    uint32_t index; /* into plant->channels */
    int interval_ms;
    bool has_range, has_scale, has_marks, has_source, has_computed, has_totalizer;
    double range[2];   /* of the instrument, in the channel's unit */
    double ppm_factor; /* mg/m3 at 273 K for 1 ppm: M / 22.4; 1 when the unit is not ppm */
    struct basis basis;
    struct limit *limits;           /* configured; those of the outlet's standard are appended by the loader */
    size_t limit_count, own_limits; /* the configured ones come first */

    char factor_code[8];
    struct source source;
    struct computed computed;
    struct totalizer totalizer;
    double scale_raw[2], scale_value[2];
    struct source marks_source;
    struct mark_row *mark_rows;
    size_t mark_row_count;
    struct action *actions;
    size_t action_count;
    double ultra_low;  /* the ultra-low value of the hour mean, for the monthly share; NAN */
    double resolution; /* of the instrument, in the factor's unit */
    double permitted;  /* amount the permit allows in a year, in the factor's amount unit; NAN */
};

struct duct {
    double area_m2; /* NAN: no flow is computed */
    double velocity_factor;
    double ambient_kpa;
};

/* What the plant is doing, and what that means for judging. */
enum operating_state {
    OPERATING_RUNNING,
    OPERATING_START_UP,
    OPERATING_SHUT_DOWN,
    OPERATING_STOPPED,
    OPERATING_FAILURE,
    OPERATING_MAINTENANCE,
    OPERATING_STATES
};
enum treatment {
    TREAT_JUDGE, /* like any other */
    TREAT_APART, /* shown with what it exceeds, but no alarm, and not in the monthly share */
    TREAT_SKIP,  /* shown, not judged */
};

/* One row of the table that tells the state, the first that fits wins. A row fits when its channel's minute mean (for
 * `is`: its latest value) has been so for `minutes` in a row. */
struct state_rule {
    enum operating_state state;
    char factor_code[8];
    size_t channel; /* its place in outlet->channels */
    double above, below, is;
    int minutes;
};

struct operation {
    struct state_rule *rules;
    size_t rule_count;
    enum operating_state otherwise;
    enum treatment treatment[OPERATING_STATES];
};

/* What stands in when the moisture is missing; a figure made with it says so. */
struct moisture_fallback {
    int last_good_s; /* the last good value, so old at most; 0: not at all */
    double fixed;    /* %; NAN: none */
};

enum medium { MEDIUM_GAS, MEDIUM_WATER };

struct outlet {
    char id[NAME_BYTES];
    char name[NAME_BYTES * 2];
    enum medium medium;
    char standard[NAME_BYTES]; /* "" = only the channels' own limits */
    bool has_duct;
    struct duct duct;
    double reference_o2;        /* % by volume, dry; NAN = not converted */
    double excess_air;          /* alpha_ref of a standard that names one; NAN. reference_o2 follows from it */
    double o2_max;              /* above it conversion is not meaningful */
    bool confirm_limits;        /* the operator has confirmed the standard's rows marked `confirm` */
    char ultra_low[NAME_BYTES]; /* standard whose hour limits are the ultra-low values; "" = none */
    struct moisture_fallback moisture;
    bool has_operation;
    struct operation operation;
    struct channel *channels;
    size_t channel_count;
    size_t index;
};

/* When figures look made up: evidence for a person, never a verdict. */
struct suspect_rules {
    bool on;
    int stuck_minutes, repeat_minutes, dilution_minutes, inconsistent_minutes;
    double clipped_share;     /* of the minutes of an hour */
    double dilution_o2;       /* % */
    double calibration_share; /* of the minutes of a day */
};

struct alarm_rules {
    struct {
        double multiple;
        int samples;
    } instantaneous;
    struct {
        double share;
        int minutes;
    } warning;
    struct {
        bool on;
    } projected, day_projected;
    struct {
        int minutes;
        int line_channels; /* a lost line with so many channels is one alarm of the line */
    } missing;
    struct {
        int samples;
    } instrument;
    struct {
        int minutes;
    } uplink;
    struct suspect_rules suspect;
    double hysteresis;    /* share of the limit */
    int escalate_minutes; /* unacknowledged so long: one severity higher; 0: never */
    int remind_minutes;   /* unacknowledged: told again so often; 0: never */
};

struct feed_bind {
    char bind[PATH_BYTES];
    int realtime_s; /* disclosure only */
    int high_water; /* messages kept for a slow subscriber */
    bool insecure;
};

struct curve_settings {
    char server_key[PATH_BYTES];
    char clients_dir[PATH_BYTES];
};

struct feeds {
    bool has_alarm, has_disclosure, has_replay;
    struct feed_bind alarm, disclosure, replay;
    int heartbeat_s;
    char signing_key[PATH_BYTES];
    char previous_key[PATH_BYTES]; /* endorses the one in use; "" = none */
    struct key_name {
        char text[24];
    } * revoked; /* ids of keys that count no more */
    size_t revoked_count;
    bool has_curve;
    struct curve_settings curve;
};

/* A factor the configuration declares: a new pollutant, or another unit for a known one. */
struct factor_row {
    char code[8], code_2005[8], name[64], name_en[64], unit[16], amount_unit[8];
    int decimals;
    struct factor factor; /* the same, as the rest of the house knows it */
};

struct plant {
    struct {
        char name[TEXT_BYTES];
        char code[NAME_BYTES]; /* unified social credit code */
        char mn[NAME_BYTES];   /* HJ 212 device number */
    } site;
    struct journal_place {
        char path[PATH_BYTES];
        struct keep {
            int samples_days, realtime_days, minute_days; /* 0: for ever */
            double max_gib;                               /* 0: however large */
        } keep;
        int chain; /* 0 SHA-256, 1 SM3 */
    } journal;
    struct {
        char bind[PATH_BYTES]; /* ZeroMQ ipc endpoint of the operator's door; "" = none */
    } control;
    struct console_place {
        char bind[PATH_BYTES];        /* ADDRESS:PORT of the HTTP console; "" = none */
        char access_file[PATH_BYTES]; /* who may see the operator's pages; "" = everybody */
        char certificate[PATH_BYTES]; /* PEM chain; "" = plain HTTP */
        char key[PATH_BYTES];
    } console;
    struct feeds feeds;
    struct line *lines;
    size_t line_count;
    struct outlet *outlets;
    size_t outlet_count;
    struct uplink *uplinks;
    size_t uplink_count;
    struct alarm_rules alarms;
    struct factor_row *factors; /* declared in the configuration */
    size_t factor_count;
    struct channel **channels; /* all channels of all outlets, by channel->index */
    struct outlet **outlet_of; /* the outlet of each, by channel->index */
    size_t channel_count;
    char sha256[65]; /* of the configuration file, hex */
};

/* The place of a factor among the outlet's channels. Any thread, like the rest. */
bool outlet_find(const struct outlet *outlet, const char *factor, size_t *place);
/* The channel of an outlet and factor, or NULL. *hint, 0 at first, is where the search begins: whoever asks for
 * channels in their order finds each at once. */
const struct channel *plant_find(const struct plant *plant, const char *outlet, const char *factor, uint32_t *hint);
/* Whether the channel has figures at reference oxygen, which then are the judged ones. */
bool outlet_converts(const struct outlet *outlet, const struct channel *channel);

#endif
