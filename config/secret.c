#include "config/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool read_digits(const char *text, uint8_t *bytes, size_t length)
{
    size_t at = strspn(text, " \t\r\n");
    for (size_t i = 0; i < length; i++, at += 2) {
        unsigned value;
        int used = 0;
        if (sscanf(text + at, "%2x%n", &value, &used) != 1 || used != 2)
            return false;
        bytes[i] = (uint8_t)value;
    }
    return text[at + strspn(text + at, " \t\r\n")] == '\0';
}

bool secret_load_hex(const char *path, uint8_t *bytes, size_t length, struct error *err)
{
    char text[256];
    struct stat status;
    FILE *in = fopen(path, "re");
    if (!in)
        return error_set(err, "key %s can't be opened: %s", path, strerror(errno));
    bool open_to_others = fstat(fileno(in), &status) != 0 || (status.st_mode & 077) != 0;
    size_t n = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    text[n] = '\0';
    if (open_to_others)
        return error_set(err, "key %s can be read by others: chmod 600 it", path);
    if (!read_digits(text, bytes, length))
        return error_set(err, "key %s does not hold %zu hexadecimal digits", path, 2 * length);
    return true;
}
