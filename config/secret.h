/* Small secrets in files of their own: readable by their owner alone, or refused. */
#ifndef CEMSD_CONFIG_SECRET_H
#define CEMSD_CONFIG_SECRET_H

#include "model/error.h"

#include <stddef.h>
#include <stdint.h>

/* Reads exactly length bytes written as hexadecimal digits (blanks and line ends around them). False with err when the
 * file can't be read, others may read it (mode & 077), or it holds anything else. Any thread. */
bool secret_load_hex(const char *path, uint8_t *bytes, size_t length, struct error *err);

#endif
