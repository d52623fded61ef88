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

struct limit {
    enum period period;
    double min, max; /* NAN when that side is open */
    char unit[16];
    char source[TEXT_BYTES]; /* legal source: standard, clause, permit */
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
    ROLE_PARAMETER,
    ROLES
};

struct channel {
    char factor_code[8];
    const struct factor *factor;
    enum role role;
    uint32_t index; /* into plant->channels */
    struct source source;
    int interval_ms;
    bool has_range;
    double range[2]; /* of the instrument, in the channel's unit */
    bool has_scale;
    double scale_raw[2], scale_value[2];
    struct basis basis;
    double ppm_factor; /* mg/m3 at 273 K for 1 ppm: M / 22.4; 1 when the unit is not ppm */
    bool has_marks;
    struct source marks_source;
    struct mark_row *mark_rows;
    size_t mark_row_count;
    struct action *actions;
    size_t action_count;
    struct limit *limits; /* configured; those of the outlet's standard are appended by the loader */
    size_t limit_count;
};

struct duct {
    double area_m2; /* NAN: no flow is computed */
    double velocity_factor;
    double ambient_kpa;
};

enum medium { MEDIUM_GAS, MEDIUM_WATER };

struct outlet {
    char id[NAME_BYTES];
    char name[NAME_BYTES * 2];
    enum medium medium;
    char standard[NAME_BYTES]; /* "" = only the channels' own limits */
    bool has_duct;
    struct duct duct;
    double reference_o2; /* % by volume, dry; NAN = not converted */
    double o2_max;       /* above it conversion is not meaningful */
    struct channel *channels;
    size_t channel_count;
    size_t index;
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
        int minutes;
    } missing;
    struct {
        int samples;
    } instrument;
    double hysteresis; /* share of the limit */
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
    bool has_curve;
    struct curve_settings curve;
};

struct plant {
    struct {
        char name[TEXT_BYTES];
        char code[NAME_BYTES]; /* unified social credit code */
        char mn[NAME_BYTES];   /* HJ 212 device number */
    } site;
    struct {
        char path[PATH_BYTES];
    } journal;
    struct {
        char bind[PATH_BYTES]; /* ZeroMQ ipc endpoint of the operator's door; "" = none */
    } control;
    struct {
        char bind[PATH_BYTES]; /* ADDRESS:PORT of the HTTP console; \"\" = none */
    } console;
    struct feeds feeds;
    struct line *lines;
    size_t line_count;
    struct outlet *outlets;
    size_t outlet_count;
    struct uplink *uplinks;
    size_t uplink_count;
    struct alarm_rules alarms;
    struct channel **channels; /* all channels of all outlets, by channel->index */
    struct outlet **outlet_of; /* the outlet of each, by channel->index */
    size_t channel_count;
    char sha256[65]; /* of the configuration file, hex */
};

#endif
