/* Rows of uplinks: the HJ 212 platforms the gateway reports to. */
#include "config/plant_schema.h"

#include "config/schema_rows.h"
#include "model/plant.h"

static const struct choice VERSIONS[] = {{"2005", 2005}, {"2017", 2017}, {"2025", 2025}, {NULL, 0}};
static const struct choice LENGTHS[] = {{"transmitted", 0}, {"plain", 1}, {NULL, 0}};

static const struct field ENCRYPT_ROWS[] = {
    {.key = "key_file",
     .kind = FIELD_TEXT,
     .at = 0,
     .size = SIZE(uplink, encrypt.key_file),
     .otherwise = NULL,
     .given_at = NO,
     .doc = "File with the SM4 key as 32 hexadecimal digits, mode 0600."},
    {.key = "length",
     .kind = FIELD_CHOICE,
     .at = AT(uplink, encrypt.length) - AT(uplink, encrypt),
     .choices = LENGTHS,
     .otherwise = "transmitted",
     .given_at = NO,
     .doc = "What the length digits of an encrypted frame count; the standard's examples count the plain text."},
};
SECTION(ENCRYPT_SECTION, "uplinks[].encrypt", ENCRYPT_ROWS);

#define LETTERS(mark, letters, what)                                                                                   \
    {                                                                                                                  \
        .key = letters, .kind = FIELD_TEXT, .at = (mark)*MARK_LETTERS, .size = MARK_LETTERS, .otherwise = letters,     \
        .given_at = NO, .doc = what                                                                                    \
    }
static const struct field LETTER_ROWS[] = {
    LETTERS(MARK_N, "N", "Valid."),
    LETTERS(MARK_F, "F", "Instrument stopped."),
    LETTERS(MARK_M, "M", "Maintenance."),
    LETTERS(MARK_S, "S", "Entered by hand."),
    LETTERS(MARK_D, "D", "Instrument fault."),
    LETTERS(MARK_C, "C", "Calibration."),
    LETTERS(MARK_T, "T", "Above the range."),
    LETTERS(MARK_B, "B", "No communication."),
    LETTERS(MARK_TD, "Td", "Key parameter abnormal."),
};
SECTION(LETTER_SECTION, "uplinks[].marks", LETTER_ROWS);

static const struct field UPLINK_ROWS[] = {
    TEXT(uplink, name, "name", NULL, "Name in logs, status and the journal; unique."),
    TEXT(uplink, host, "host", NULL, "Address or name of the platform."),
    INTEGER(uplink, port, "port", 1, 65535, NULL, "TCP port."),
    CHOICE(uplink, version, "version", VERSIONS, "2017", "Edition of HJ 212 that is spoken."),
    TEXT(uplink, st, "st", "31", "System code: 31 flue gas, 32 sewage, 27 VOC."),
    TEXT(uplink, mn, "mn", "", "MN under which the platform knows this; the site's by default."),
    TEXT(uplink, password, "password", "123456", "PW, six characters; 1072 may change it."),
    PART(uplink, encrypt, "encrypt", ENCRYPT_SECTION, "", AT(uplink, has_encrypt), "SM4 encryption of data (2025)."),
    TEXTS(uplink, outlets, outlet_count, "outlets", OUTLETS_MAX, "",
          "Outlets that are reported; all when none is given. Two with the same factor need two uplinks."),
    INTEGER(uplink, min_interval, "min_interval", 1, 30, "1",
            "MinInterval, minutes that a minute record (2051) speaks of, a divisor of the hour."),
    INTEGER(uplink, realtime_s, "realtime_s", 0, 3600, "30", "RtdInterval, 30 to 3600 s; 0: no real-time data."),
    FLAG(uplink, minute, "minute", "true", "Send minute data (2051)."),
    FLAG(uplink, hour, "hour", "true", "Send hour data (2061)."),
    FLAG(uplink, day, "day", "true", "Send day data (2031) and run times (2041)."),
    FLAG(uplink, furnace, "furnace", "false", "Send 5-minute means of the furnace temperature a01901 (2111, 2025)."),
    INTEGER(uplink, heartbeat_s, "heartbeat_s", 0, 3600, "60", "Seconds between heartbeats (9015, 2025); 0: none."),
    FLAG(uplink, acknowledge, "acknowledge", "true",
         "Wait for the platform's answers; false only for one that never gives any: what is written then counts as "
         "told."),
    INTEGER(uplink, over_time_s, "over_time_s", 1, 99, "10", "OverTime: an answer is waited for so long ..."),
    INTEGER(uplink, re_count, "re_count", 0, 99, "3",
            "ReCount: ... and the frame is sent again so often; then the link counts as down and is made anew."),
    INTEGER(uplink, gap_ms, "gap_ms", 0, 60000, "0", "Least time between two frames; some platforms want 3000."),
    INTEGER(uplink, backlog_per_s, "backlog_per_s", 1, 100000, "50", "Most frames of backlog a second."),
    TEXTS(uplink, allow, allow_count, "allow", 8, "",
          "What the platform may do besides reading: clock, calibrate, parameters, control, access."),
    TEXT(uplink, clock_hook, "clock_hook", "",
         "Program that is given the time of 1012 (ISO 8601); without it 1012 is refused even when allowed."),
    PART(uplink, marks, "marks", LETTER_SECTION, "", NO, "Letters this platform wants for the marks."),
};
const struct section UPLINK_SECTION = {"uplinks[]", UPLINK_ROWS, COUNT(UPLINK_ROWS)};
