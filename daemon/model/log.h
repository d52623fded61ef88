/* One line of key=value to stderr with the sd-daemon priority prefix, one write(2) a line; or to journald, whose entry
 * then has each key as a field: CEMSD_ROOM, CEMSD_EVENT ... (journalctl CEMSD_ROOM=alarm). Any thread. */
#ifndef CEMSD_MODEL_LOG_H
#define CEMSD_MODEL_LOG_H

enum log_level { LOG_ERROR = 3, LOG_WARN = 4, LOG_NOTICE = 5, LOG_INFORM = 6 };

#include <stdbool.h>

/* Whether standard error is journald's, and sending to its socket from now on; before other threads. False when nobody
 * is there: it stays standard error. */
bool log_is_journald(void);
bool log_to_journald(const char *path);

/* room: "journal", "line" ...; the format gives "key=value key=\"text\"". Cut at 1000 bytes. */
void log_line(enum log_level level, const char *room, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
