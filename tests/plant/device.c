#include "device.h"

#include "modbus/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum fault device_fault(const struct signals *signals, const struct device *device, int station, double t_s,
                        double *value)
{
    enum fault fault = FAULT_NONE;
    for (size_t i = 0; i < signals->event_count; i++) {
        const struct event *e = &signals->events[i];
        if (e->has_device && strcmp(e->device, device->name) == 0 && (e->station == 0 || e->station == station) &&
            t_s >= e->at_s && t_s < e->at_s + e->for_s) {
            fault = (enum fault)(e->does - 100);
            *value = e->value;
        }
    }
    return fault;
}

static int width(const struct device_point *p)
{
    return p->at.table == MB_COIL || p->at.table == MB_DISCRETE ? 1 : mb_type_width(p->at.type);
}

/* Fills cells[0..count) and says which exist. */
static bool fill(const struct signals *signals, const struct device *device, int station, enum mb_table table,
                 int address, int count, double t_s, uint16_t *cells, bool *all)
{
    bool station_exists = false, covered[2000] = {false};
    memset(cells, 0, (size_t)count * sizeof *cells);
    for (size_t i = 0; i < device->point_count; i++) {
        const struct device_point *p = &device->points[i];
        uint16_t registers[4];
        if (p->at.station != station)
            continue;
        station_exists = true;
        if (p->at.table != table || p->at.address + width(p) <= address || p->at.address >= address + count)
            continue;
        double v = p->is_status ? signal_state(signals, (size_t)p->signal_index, t_s)
                                : signal_value(signals, (size_t)p->signal_index, t_s);
        mb_value_encode(v * p->scale + p->offset, p->at.type, p->at.order, registers);
        for (int r = 0; r < width(p); r++) {
            int cell = p->at.address + r - address;
            if (cell >= 0 && cell < count) {
                cells[cell] = registers[r];
                covered[cell] = true;
            }
        }
    }
    *all = true;
    for (int c = 0; c < count; c++)
        *all = *all && covered[c];
    return station_exists;
}

static size_t exception(uint8_t function, uint8_t code, uint8_t *pdu)
{
    pdu[0] = function | 0x80;
    pdu[1] = code;
    return 2;
}

/* A write is told on standard output and echoed; it moves no signal. */
static size_t take_write(const struct device *device, int station, const uint8_t *request, uint8_t *pdu)
{
    int address = request[1] << 8 | request[2], value = request[3] << 8 | request[4];
    bool here = false, coil = request[0] == 5;
    for (size_t i = 0; i < device->point_count; i++)
        here = here || device->points[i].at.station == station;
    if (!here)
        return 0;
    if (coil && value != 0 && value != 0xFF00)
        return exception(request[0], 3, pdu);
    printf("write %s %d %s %d %d\n", device->name, station, coil ? "coil" : "holding", address,
           coil ? value == 0xFF00 : value);
    fflush(stdout);
    memcpy(pdu, request, 5);
    return 5;
}

size_t device_answer(const struct signals *signals, const struct device *device, int station, const uint8_t *request,
                     size_t length, double t_s, uint8_t *pdu)
{
    static const enum mb_table TABLE[] = {MB_COIL, MB_COIL, MB_DISCRETE, MB_HOLDING, MB_INPUT};
    uint16_t cells[2000];
    bool all = false;
    if (length < 5)
        return 0;
    uint8_t function = request[0];
    int address = request[1] << 8 | request[2], count = request[3] << 8 | request[4];
    if (function == 5 || function == 6)
        return take_write(device, station, request, pdu);
    if (function < 1 || function > 4)
        return exception(function, 1, pdu);
    bool bits = function <= 2;
    if (count < 1 || count > (bits ? 2000 : 125))
        return exception(function, 3, pdu);
    if (!fill(signals, device, station, TABLE[function], address, count, t_s, cells, &all))
        return 0;
    if ((device->gaps_refused && !all) || address + count > 65536)
        return exception(function, 2, pdu);
    int bytes = bits ? (count + 7) / 8 : 2 * count;
    pdu[0] = function;
    pdu[1] = (uint8_t)bytes;
    memset(pdu + 2, 0, (size_t)bytes);
    for (int c = 0; c < count; c++) {
        if (bits) {
            pdu[2 + c / 8] = (uint8_t)(pdu[2 + c / 8] | (cells[c] & 1) << (c % 8));
        } else {
            pdu[2 + 2 * c] = (uint8_t)(cells[c] >> 8);
            pdu[3 + 2 * c] = (uint8_t)cells[c];
        }
    }
    return (size_t)bytes + 2;
}
