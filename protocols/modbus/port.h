/* One Modbus connection as its owner sees it: ask, and get registers or the reason why not. Wraps libmodbus for
 *
 *   TCP             MBAP header, transaction id            (Modbus Messaging on TCP/IP V1.0b)
 *   RTU             serial device, CRC, t3.5 silence       (Modbus over Serial Line V1.02); locked: a wire has one
 * master RTU over TCP    RTU frames through a converter: an RTU context with a connected socket
 *
 * An answer counts only when station, function, length and (TCP) transaction id are those of the request. What comes
 * late or garbled is thrown away before the next request and counted, so it can't be taken for the next one's answer:
 * TCP is reconnected, a serial line is read until silent. timeout_ms bounds the whole answer, not each byte.
 *
 * Owned by one thread; blocks up to timeout_ms (twice that when a garbled line has to fall silent). */
#ifndef CEMSD_MODBUS_PORT_H
#define CEMSD_MODBUS_PORT_H

#include "model/error.h"
#include "model/plant.h"

#include <stdbool.h>
#include <stdint.h>

enum mb_result {
    MB_OK,
    MB_TIMEOUT,      /* nothing, or not all of it, in time */
    MB_DISCONNECTED, /* connection refused, reset, closed, device gone */
    MB_GARBLED,      /* bad CRC, wrong station, function, length or transaction id */
    MB_EXCEPTION,    /* the device refused: mb_port_exception says why */
    MB_RESULTS
};
const char *mb_result_name(enum mb_result result);

struct mb_port_counts {
    uint64_t requests, results[MB_RESULTS];
    uint64_t connects, connect_failures;
    uint64_t flushed_bytes; /* late or garbled bytes thrown away */
};

struct mb_port;

/* Owner: the caller. line is borrowed. NULL with err when libmodbus refuses the settings. Connects nothing yet. */
struct mb_port *mb_port_new(const struct line *line, struct error *err);
void mb_port_free(struct mb_port *port);

bool mb_port_connected(const struct mb_port *port);
/* Connects within timeout_ms. */
bool mb_port_connect(struct mb_port *port, struct error *err);
void mb_port_disconnect(struct mb_port *port);

/* Reads count registers (tables holding, input) into registers, or bits as 0/1 (coil, discrete). count ≤ 125 or 2000.
 */
enum mb_result mb_port_read(struct mb_port *port, int station, enum mb_table table, int address, int count,
                            uint16_t *registers);

/* Writes one coil (value 0 or 1, function 5) or one holding register (function 6). MB_OK when the device echoed it. */
enum mb_result mb_port_write(struct mb_port *port, int station, enum mb_table table, int address, int value);

/* Code of the last MB_EXCEPTION: 1 illegal function, 2 illegal data address, 3 illegal data value, 4 device failure,
 * 6 busy, 10 gateway path unavailable, 11 gateway target silent. */
int mb_port_exception(const struct mb_port *port);

/* True when an answer can't be told from another by itself (RTU: no transaction id): leave a silent station alone
 * for a while rather than ask it again at once. */
bool mb_port_untagged(const struct mb_port *port);

const struct mb_port_counts *mb_port_counts(const struct mb_port *port);

#endif
