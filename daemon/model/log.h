/* One line of key=value to stderr with the sd-daemon priority prefix. Any thread; one write(2) a line. */
#ifndef CEMSD_MODEL_LOG_H
#define CEMSD_MODEL_LOG_H

enum log_level { LOG_ERROR = 3, LOG_WARN = 4, LOG_NOTICE = 5, LOG_INFORM = 6 };

/* room: "journal", "line" ...; the format gives "key=value key=\"text\"". Cut at 1000 bytes. */
void log_line(enum log_level level, const char *room, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
