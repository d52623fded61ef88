/* A serial device as raw bytes: no echo, no line discipline, no modem lines. */
#ifndef CEMSD_ACQUIRE_HJ212_TTY_H
#define CEMSD_ACQUIRE_HJ212_TTY_H

#include "model/plant.h"

/* A non-blocking descriptor, to be closed by the caller; -1 with errno, EBUSY when another
 * program has it (flock(2)). A speed the system does not know is 9600. */
int tty_open(const struct serial *serial);

#endif
