/* A simulated Modbus device: registers that follow signals, and the faults it can have. Written apart from
 * protocols/modbus but for the value encoding; knows bytes, no transport. */
#ifndef CEMSD_PLANT_DEVICE_H
#define CEMSD_PLANT_DEVICE_H

#include "model/point.h"
#include "signals.h"

enum fault {
    FAULT_NONE,
    FAULT_SILENT,
    FAULT_SLOW,
    FAULT_GARBLED,
    FAULT_WRONG_TRANSACTION,
    FAULT_WRONG_STATION,
    FAULT_SHORT,
    FAULT_LONG,
    FAULT_EXCEPTION,
    FAULT_DRIP,
    FAULT_LATE,
    FAULT_DISCONNECT,
    FAULTS
};

enum { POINTS_MAX = 4096 };

struct device_point {
    struct point at;
    char signal[SIGNAL_NAME], status_of[SIGNAL_NAME];
    double scale, offset; /* raw = value * scale + offset */
    int signal_index;
    bool is_status;
};

struct port_settings {
    int port, baud;
    char link[256];
};

struct device {
    char name[SIGNAL_NAME];
    struct port_settings tcp, rtu_over_tcp, pty;
    bool has_tcp, has_rtu_over_tcp, has_pty;
    struct device_point *points;
    size_t point_count;
    bool gaps_refused; /* a request that touches a register it does not have is exception 2 */
};

/* The fault of a station now, and its value (slow: ms; exception: code). */
enum fault device_fault(const struct signals *signals, const struct device *device, int station, double t_s,
                        double *value);

/* Answers a request PDU (function ...) of a station into pdu; returns its length, 0 = no answer (no such station). */
size_t device_answer(const struct signals *signals, const struct device *device, int station, const uint8_t *request,
                     size_t length, double t_s, uint8_t *pdu);

#endif
