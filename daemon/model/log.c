#include "model/log.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINE_BYTES = 1000, ENTRY_BYTES = 4 * LINE_BYTES };

static int journald = -1; /* the socket of the native protocol; -1: standard error */

bool log_to_journald(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        fd = -1;
    }
    if (journald >= 0)
        close(journald);
    journald = fd;
    return fd >= 0;
}

bool log_is_journald(void)
{
    const char *stream = getenv("JOURNAL_STREAM"); /* systemd.exec(5): device:inode of what it connected */
    unsigned long long device, inode;
    struct stat status;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &status) == 0 &&
           status.st_dev == device && status.st_ino == inode;
}

/* Adds "CEMSD_KEY=value\n" of the next key=value or key="value" of *at; false at the end. */
static bool add_field(const char **at, char *entry, size_t *used)
{
    const char *key = *at + strspn(*at, " "), *equals = strpbrk(key, "= ");
    if (!equals || *equals != '=') {
        *at = equals ? equals : key + strlen(key);
        return *key != '\0' && equals;
    }
    bool quoted = equals[1] == '"';
    const char *value = equals + 1 + quoted, *end = value + strcspn(value, quoted ? "\"" : " ");
    size_t key_length = (size_t)(equals - key), length = (size_t)(end - value);
    *at = *end ? end + 1 : end;
    if (key_length == 0 || *used + key_length + length + 10 > ENTRY_BYTES)
        return true;
    *used += (size_t)snprintf(entry + *used, ENTRY_BYTES - *used, "CEMSD_");
    for (size_t i = 0; i < key_length; i++)
        entry[(*used)++] = isalnum((unsigned char)key[i]) ? (char)toupper((unsigned char)key[i]) : '_';
    *used += (size_t)snprintf(entry + *used, ENTRY_BYTES - *used, "=%.*s\n", (int)length, value);
    return true;
}

/* systemd.io "Native Journal Protocol": NAME=value, a line each. */
static bool send_entry(enum log_level level, const char *text)
{
    char entry[ENTRY_BYTES];
    size_t used =
        (size_t)snprintf(entry, sizeof entry, "PRIORITY=%d\nSYSLOG_IDENTIFIER=cemsd\nMESSAGE=%s\n", (int)level, text);
    for (const char *at = text; add_field(&at, entry, &used);)
        ;
    return send(journald, entry, used, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)used;
}

void log_line(enum log_level level, const char *room, const char *format, ...)
{
    char line[LINE_BYTES];
    int head = snprintf(line, sizeof line, "<%d>", (int)level);
    int used = head + snprintf(line + head, sizeof line - (size_t)head, "room=%s ", room);
    va_list args;
    va_start(args, format);
    int more = vsnprintf(line + used, sizeof line - (size_t)used, format, args);
    va_end(args);
    size_t length = (size_t)used + (more > 0 ? (size_t)more : 0);
    if (length > sizeof line - 2)
        length = sizeof line - 2;
    for (size_t i = 0; i < length; i++) /* one line stays one line */
        if (line[i] == '\n' || line[i] == '\r')
            line[i] = ' ';
    line[length] = '\0';
    if (journald >= 0 && send_entry(level, line + head))
        return;
    line[length++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line, length);
    (void)ignored; /* nowhere left to complain */
}
