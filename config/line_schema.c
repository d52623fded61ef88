/* Rows of lines, of the sources that lead to them, and of the actions that write to them. */
#include "config/plant_schema.h"

#include "config/schema_rows.h"
#include "hj212/crc.h"
#include "model/plant.h"

static const struct choice PARITIES[] = {{"none", PARITY_NONE}, {"even", PARITY_EVEN}, {"odd", PARITY_ODD}, {NULL, 0}};
static const struct choice TAKES[] = {
    {"realtime", TAKE_REALTIME}, {"minute", TAKE_MINUTE}, {"hour", TAKE_HOUR}, {NULL, 0}};
static const struct choice VERSIONS[] = {{"2005", 2005}, {"2017", 2017}, {"2025", 2025}, {NULL, 0}};
static const struct choice CRCS[] = {{"hj212", HJ212_CRC_STANDARD},
                                     {"modbus", HJ212_CRC_MODBUS},
                                     {"modbus_swapped", HJ212_CRC_MODBUS_SWAPPED},
                                     {"off", HJ212_CRC_OFF},
                                     {NULL, 0}};
static const struct choice EXTRA_DIGITS[] = {{"0", 0}, {"4", 4}, {NULL, 0}};
static const struct choice CALIBRATIONS[] = {{"zero", 0}, {"span", 1}, {"either", -1}, {NULL, 0}};
static const struct choice WRITE_TABLES[] = {{"coil", MB_COIL}, {"holding", MB_HOLDING}, {NULL, 0}};

static const struct field PEER_ROWS[] = {
    TEXT(tcp_peer, host, "host", NULL, "Address or name of the analyzer or converter."),
    INTEGER(tcp_peer, port, "port", 1, 65535, "502", "TCP port."),
};
SECTION(PEER_SECTION, "lines[].modbus_tcp, lines[].modbus_rtu_over_tcp", PEER_ROWS);

static const struct field SERIAL_ROWS[] = {
    TEXT(serial, device, "device", NULL, "Serial device, best as /dev/serial/by-id/..."),
    INTEGER(serial, baud, "baud", 300, 921600, "9600", "Bits per second."),
    INTEGER(serial, data_bits, "data_bits", 5, 8, "8", "Data bits."),
    CHOICE(serial, parity, "parity", PARITIES, "none",
           "Parity; the specification's default is even, most analyzers use none."),
    INTEGER(serial, stop_bits, "stop_bits", 1, 2, "1", "Stop bits."),
};
SECTION(SERIAL_SECTION, "lines[].modbus_rtu", SERIAL_ROWS);

#define ANALYZER_ROWS                                                                                                  \
    TEXTS(hj212_link, mns, mn_count, "mn", MNS_MAX, "", "MN of the devices that may speak; any when none is given."),  \
        TEXT(hj212_link, password, "password", "", "PW they must give; any when it is empty."),                        \
        CHOICE(hj212_link, take, "take", TAKES, "realtime",                                                            \
               "Uploads that become samples: realtime 2011, minute 2051, hour 2061."),                                 \
        INTEGER(hj212_link, poll_s, "poll_s", 0, 86400, "0",                                                           \
                "Ask each MN this often; 0: devices speak by themselves."),                                            \
        INTEGER(hj212_link, poll_cn, "poll_cn", 0, 9999, "0",                                                          \
                "CN that is asked; 0: that of take. Some serial analyzers want 2013."),                                \
        CHOICE(hj212_link, version, "version", VERSIONS, "2017", "Of requests; answers copy the asker's."),            \
        TEXT(hj212_link, st, "st", "31", "System code of requests: 31 flue gas, 32 sewage."),                          \
        CHOICE(hj212_link, crc, "crc", CRCS, "hj212", "CRC the devices print."),                                       \
        CHOICE(hj212_link, extra_length_digits, "extra_length_digits", EXTRA_DIGITS, "0",                              \
               "Digits the devices put before the four of the length."),                                               \
        FLAG(hj212_link, strict, "strict", "false", "Refuse frames with tolerated oddities."),                         \
        INTEGER(hj212_link, idle_s, "idle_s", 5, 86400, "600", "A connection without a frame for so long is closed.")

static const struct field LISTEN_ROWS[] = {
    TEXT(hj212_link, bind, "bind", NULL, "ADDRESS:PORT to listen on."),
    INTEGER(hj212_link, connections, "connections", 1, CONNECTIONS_MAX, "64",
            "Most connections; one more closes the one that has been idle longest."),
    ANALYZER_ROWS,
};
SECTION(LISTEN_SECTION, "lines[].hj212_listen", LISTEN_ROWS);
static const struct field CONNECT_ROWS[] = {
    TEXT(hj212_link, host, "host", NULL, "Address or name of the analyzer."),
    INTEGER(hj212_link, port, "port", 1, 65535, NULL, "TCP port."),
    ANALYZER_ROWS,
};
SECTION(CONNECT_SECTION, "lines[].hj212_connect", CONNECT_ROWS);

/* the serial settings stand in the line itself */
#define FROM_LINK(m) (AT(line, m) - AT(line, hj212))
static const struct field HJ212_SERIAL_ROWS[] = {
    {.key = "device",
     .kind = FIELD_TEXT,
     .at = FROM_LINK(rtu.device),
     .size = SIZE(line, rtu.device),
     .otherwise = NULL,
     .given_at = NO,
     .doc = "Serial device, best as /dev/serial/by-id/..."},
    {.key = "baud",
     .kind = FIELD_INTEGER,
     .at = FROM_LINK(rtu.baud),
     .min = 300,
     .max = 921600,
     .otherwise = "9600",
     .given_at = NO,
     .doc = "Bits per second."},
    {.key = "parity",
     .kind = FIELD_CHOICE,
     .at = FROM_LINK(rtu.parity),
     .choices = PARITIES,
     .otherwise = "none",
     .given_at = NO,
     .doc = "Parity."},
    {.key = "stop_bits",
     .kind = FIELD_INTEGER,
     .at = FROM_LINK(rtu.stop_bits),
     .min = 1,
     .max = 2,
     .otherwise = "1",
     .given_at = NO,
     .doc = "Stop bits."},
    ANALYZER_ROWS,
};
SECTION(HJ212_SERIAL_SECTION, "lines[].hj212_serial", HJ212_SERIAL_ROWS);

static const struct field LINE_ROWS[] = {
    TEXT(line, name, "name", NULL, "Name that sources refer to; unique."),
    PART(line, tcp, "modbus_tcp", PEER_SECTION, "", AT(line, has_tcp),
         "Modbus TCP. Exactly one of the kinds is given."),
    PART(line, rtu_over_tcp, "modbus_rtu_over_tcp", PEER_SECTION, "", AT(line, has_rtu_over_tcp),
         "RTU frames through a serial server."),
    PART(line, rtu, "modbus_rtu", SERIAL_SECTION, "", AT(line, has_rtu), "A serial line, RS-485 or RS-232."),
    INTEGER(line, timeout_ms, "timeout_ms", 10, 60000, "1000", "Time for one whole answer."),
    INTEGER(line, pause_ms, "pause_ms", 0, 10000, "0",
            "Silence between an answer and the next request; a serial line keeps at least 3.5 characters."),
    INTEGER(line, max_registers, "max_registers", 1, 125, "125", "Most registers a request may ask for."),
    INTEGER(line, max_gap, "max_gap", 0, 124, "8", "Most unneeded registers read to join two points in one request."),
    PART(line, hj212, "hj212_listen", LISTEN_SECTION, "", AT(line, has_hj212_listen),
         "HJ 212 analyzers that connect to the gateway."),
    PART(line, hj212, "hj212_connect", CONNECT_SECTION, "", AT(line, has_hj212_connect),
         "An HJ 212 analyzer the gateway connects to."),
    PART(line, hj212, "hj212_serial", HJ212_SERIAL_SECTION, "", AT(line, has_hj212_serial),
         "HJ 212 analyzers on a serial line."),
};
const struct section LINE_SECTION = {"lines[]", LINE_ROWS, COUNT(LINE_ROWS)};

static const struct field SOURCE_ROWS[] = {
    TEXT(source, line, "line", NULL, "Name of the line."),
    INTEGER(source, point.station, "station", 0, 255, "1",
            "Unit identifier, as written; a serial line knows 1 to 247."),
    CHOICE(source, point.table, "table", MB_TABLE_CHOICES, "holding", "Modbus table."),
    {.key = "address",
     .kind = FIELD_INTEGER,
     .at = AT(source, point.address),
     .min = 0,
     .max = 65535,
     .otherwise = "",
     .given_at = AT(source, has_address),
     .doc = "Address as on the wire: 40001 of a manual is 0. A Modbus source needs it."},
    CHOICE(source, point.type, "type", MB_TYPE_CHOICES, "float32", "What the registers hold."),
    CHOICE(source, point.order, "order", MB_ORDER_CHOICES, "",
           "The bytes as they come, a the most significant; by default that one first."),
    {.key = "factor",
     .kind = FIELD_TEXT,
     .at = AT(source, item.factor),
     .size = SIZE(source, item.factor),
     .otherwise = "",
     .given_at = AT(source, has_factor),
     .doc = "HJ 212 line: code in the analyzer's frames, of 2017 or 2005; the channel's own by default."},
    TEXT(source, item.field, "field", "", "HJ 212 line: Rtd, ZsRtd, Avg ...; by default what the line takes."),
    TEXT(source, item.mn, "mn", "", "HJ 212 line: only of the device with this MN."),
    INTEGER(source, point.bit, "bit", 0, 15, "0", "Bit of the register, 0 the least significant; for type bit."),
};
const struct section SOURCE_SECTION = {"source", SOURCE_ROWS, COUNT(SOURCE_ROWS)};

static const struct field WRITE_ROWS[] = {
    TEXT(source, line, "line", "", "Name of a Modbus line."),
    INTEGER(source, point.station, "station", 0, 255, "1", "Unit identifier."),
    CHOICE(source, point.table, "table", WRITE_TABLES, "coil", "Coil or holding register."),
    INTEGER(source, point.address, "address", 0, 65535, "0", "Address as on the wire."),
};
SECTION(WRITE_SECTION, "outlets[].channels[].actions[].write", WRITE_ROWS);

static const struct field ACTION_ROWS[] = {
    INTEGER(action, cn, "cn", 3011, 3024, NULL,
            "Command: 3011 calibration, 3012 sample, 3013 clean, 3014 comparison, 3015 and 3022 keep, 3024 check."),
    CHOICE(action, calibration, "calibration", CALIBRATIONS, "either", "For 3011: the kind of calibration meant."),
    {.key = "write",
     .kind = FIELD_SECTION,
     .at = AT(action, at),
     .section = &WRITE_SECTION,
     .otherwise = "",
     .given_at = NO,
     .doc = "Modbus write that starts it."},
    INTEGER(action, value, "value", 0, 65535, "1", "What is written; 0 or 1 for a coil."),
    FLAG(action, pass_through, "pass_through", "false", "Hand the command to the HJ 212 analyzer of the source."),
};
const struct section ACTION_SECTION = {"outlets[].channels[].actions[]", ACTION_ROWS, COUNT(ACTION_ROWS)};
