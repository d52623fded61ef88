#include "scenario.h"

#include "config/plant_schema.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define NO SCHEMA_NOWHERE
#define TEXT(s, m, fallback)                                                                                           \
    {                                                                                                                  \
        .key = #m, .kind = FIELD_TEXT, .at = offsetof(struct s, m), .size = sizeof(((struct s *)0)->m),                \
        .otherwise = fallback, .given_at = NO, .doc = ""                                                               \
    }
#define NUMBER(s, m, fallback)                                                                                         \
    {                                                                                                                  \
        .key = #m, .kind = FIELD_NUMBER, .at = offsetof(struct s, m), .min = -1e12, .max = 1e12,                       \
        .otherwise = fallback, .given_at = NO, .doc = ""                                                               \
    }
#define INTEGER(s, m, k, low, high, fallback)                                                                          \
    {                                                                                                                  \
        .key = k, .kind = FIELD_INTEGER, .at = offsetof(struct s, m), .min = low, .max = high, .otherwise = fallback,  \
        .given_at = NO, .doc = ""                                                                                      \
    }
#define CHOICE(s, m, k, c, fallback)                                                                                   \
    {                                                                                                                  \
        .key = k, .kind = FIELD_CHOICE, .at = offsetof(struct s, m), .choices = c, .otherwise = fallback,              \
        .given_at = NO, .doc = ""                                                                                      \
    }
#define LIST(s, m, n, sec, limit)                                                                                      \
    {                                                                                                                  \
        .key = #m, .kind = FIELD_LIST, .at = offsetof(struct s, m), .size = sizeof *((struct s *)0)->m,                \
        .section = &(sec), .count_at = offsetof(struct s, n), .most = limit, .otherwise = "", .given_at = NO,          \
        .doc = ""                                                                                                      \
    }
#define PART(s, m, k, g, sec)                                                                                          \
    {                                                                                                                  \
        .key = k, .kind = FIELD_SECTION, .at = offsetof(struct s, m), .section = &(sec), .otherwise = "",              \
        .given_at = offsetof(struct s, g), .doc = ""                                                                   \
    }
#define SECTION(var, title, rows) static const struct section var = {title, rows, COUNT(rows)}

static const struct choice DOES[] = {{"multiply", SIGNAL_MULTIPLY},
                                     {"add", SIGNAL_ADD},
                                     {"set", SIGNAL_SET},
                                     {"stuck", SIGNAL_STUCK},
                                     {"nan", SIGNAL_NAN},
                                     {"ramp", SIGNAL_RAMP},
                                     {"calibrate", SIGNAL_CALIBRATE},
                                     {"silent", 100 + FAULT_SILENT},
                                     {"slow", 100 + FAULT_SLOW},
                                     {"garbled", 100 + FAULT_GARBLED},
                                     {"wrong_transaction", 100 + FAULT_WRONG_TRANSACTION},
                                     {"wrong_station", 100 + FAULT_WRONG_STATION},
                                     {"short", 100 + FAULT_SHORT},
                                     {"long", 100 + FAULT_LONG},
                                     {"exception", 100 + FAULT_EXCEPTION},
                                     {"drip", 100 + FAULT_DRIP},
                                     {"late", 100 + FAULT_LATE},
                                     {"disconnect", 100 + FAULT_DISCONNECT},
                                     {NULL, 0}};

static const struct field SIGNAL_ROWS[] = {
    TEXT(signal, name, NULL),
    NUMBER(signal, base, NULL),
    NUMBER(signal, diurnal, "0"),
    NUMBER(signal, noise, "0"),
    NUMBER(signal, tau_s, "30"),
    NUMBER(signal, per_load, "0"),
    NUMBER(signal, stopped, "none"),
    NUMBER(signal, min, "none"),
    NUMBER(signal, max, "none"),
    NUMBER(signal, calibrate_every_s, "0"),
    NUMBER(signal, calibrate_for_s, "0"),
    NUMBER(signal, calibrate_value, "0"),
};
SECTION(SIGNAL_SECTION, "signals[]", SIGNAL_ROWS);

static const struct field POINT_ROWS[] = {
    TEXT(device_point, signal, ""),
    TEXT(device_point, status_of, ""),
    NUMBER(device_point, scale, "1"),
    NUMBER(device_point, offset, "0"),
    INTEGER(device_point, at.station, "station", 0, 255, "1"),
    INTEGER(device_point, at.address, "address", 0, 65535, NULL),
    CHOICE(device_point, at.table, "table", MB_TABLE_CHOICES, "holding"),
    CHOICE(device_point, at.type, "type", MB_TYPE_CHOICES, "float32"),
    CHOICE(device_point, at.order, "order", MB_ORDER_CHOICES, ""),
};
SECTION(POINT_SECTION, "points[]", POINT_ROWS);

static const struct field PORT_ROWS[] = {
    INTEGER(port_settings, port, "port", 0, 65535, "0"),
    INTEGER(port_settings, baud, "baud", 0, 921600, "0"),
    TEXT(port_settings, link, ""),
};
SECTION(PORT_SECTION, "modbus_tcp, rtu_over_tcp, pty", PORT_ROWS);

static const struct field DEVICE_ROWS[] = {
    TEXT(device, name, NULL),
    PART(device, tcp, "modbus_tcp", has_tcp, PORT_SECTION),
    PART(device, rtu_over_tcp, "rtu_over_tcp", has_rtu_over_tcp, PORT_SECTION),
    PART(device, pty, "pty", has_pty, PORT_SECTION),
    LIST(device, points, point_count, POINT_SECTION, POINTS_MAX),
    {.key = "gaps_refused",
     .kind = FIELD_FLAG,
     .at = offsetof(struct device, gaps_refused),
     .otherwise = "false",
     .given_at = NO,
     .doc = ""},
};
SECTION(DEVICE_SECTION, "devices[]", DEVICE_ROWS);

static const struct field EVENT_ROWS[] = {
    NUMBER(event, at_s, NULL),
    NUMBER(event, for_s, NULL),
    NUMBER(event, value, "0"),
    {.key = "signal",
     .kind = FIELD_TEXT,
     .at = offsetof(struct event, signal),
     .size = SIGNAL_NAME,
     .otherwise = "",
     .given_at = offsetof(struct event, has_signal),
     .doc = ""},
    {.key = "device",
     .kind = FIELD_TEXT,
     .at = offsetof(struct event, device),
     .size = SIGNAL_NAME,
     .otherwise = "",
     .given_at = offsetof(struct event, has_device),
     .doc = ""},
    INTEGER(event, station, "station", 0, 255, "0"),
    CHOICE(event, does, "does", DOES, NULL),
};
SECTION(EVENT_SECTION, "events[]", EVENT_ROWS);

static const struct field SCENARIO_ROWS[] = {
    NUMBER(scenario, speed, "1"),
    LIST(scenario, signals, signal_count, SIGNAL_SECTION, SIGNALS_MAX),
    LIST(scenario, devices, device_count, DEVICE_SECTION, 256),
    LIST(scenario, events, event_count, EVENT_SECTION, EVENTS_MAX - 64),
};
SECTION(SCENARIO_SECTION, "scenario", SCENARIO_ROWS);

int scenario_event_kind(const char *word)
{
    for (const struct choice *c = DOES; c->name; c++)
        if (strcmp(c->name, word) == 0)
            return c->value;
    return -1;
}

static void resolve(struct document *d, struct scenario *s)
{
    struct signals signals = {.all = s->signals, .count = s->signal_count};
    for (size_t i = 0; i < s->device_count; i++) {
        struct device *device = &s->devices[i];
        for (size_t n = 0; n < device->point_count; n++) {
            struct device_point *p = &device->points[n];
            char path[64];
            p->is_status = p->status_of[0] != '\0';
            p->signal_index = signal_find(&signals, p->is_status ? p->status_of : p->signal);
            snprintf(path, sizeof path, "devices[%zu].points[%zu]", i, n);
            if (p->signal_index < 0)
                document_complain(d, path, "there is no signal %s", p->is_status ? p->status_of : p->signal);
        }
    }
}

bool scenario_load(const char *file, struct scenario *scenario, FILE *out)
{
    struct document d;
    memset(scenario, 0, sizeof *scenario);
    if (document_read(&d, file) && schema_fill(&d, document_root(&d), "", &SCENARIO_SECTION, scenario))
        resolve(&d, scenario);
    bool good = d.complaints.count == 0;
    for (size_t i = 0; i < d.complaints.count; i++)
        fprintf(out, "%s\n", d.complaints.text[i]);
    document_clear(&d);
    struct event *room = realloc(scenario->events, EVENTS_MAX * sizeof *room); /* tests add events while it runs */
    if (room)
        scenario->events = room;
    return good && room;
}

void scenario_free(struct scenario *scenario)
{
    schema_free(&SCENARIO_SECTION, scenario);
}
