/* CRC16 of the data segment (HJ 212-2017 annex A; the same in 2005 and 2025), and the variants devices print instead.
 *
 *   standard          crc = T[(crc >> 8) ^ b]          each byte throws away the low half: 256 values in all
 *   modbus            crc = (crc >> 8) ^ T[crc ^ b]    CRC-16/MODBUS, high byte printed first
 *   modbus-swapped    the same, low byte printed first
 *   off               nothing is compared
 *
 * Pure. Any thread. */
#ifndef CEMSD_HJ212_CRC_H
#define CEMSD_HJ212_CRC_H

#include "model/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum hj212_crc_kind { HJ212_CRC_STANDARD, HJ212_CRC_MODBUS, HJ212_CRC_MODBUS_SWAPPED, HJ212_CRC_OFF, HJ212_CRC_KINDS };

/* "hj212", "modbus", "modbus_swapped", "off": the words of the configuration. */
const char *hj212_crc_kind_name(enum hj212_crc_kind kind);

/* The standard's. */
uint16_t hj212_crc(struct slice segment);
/* 0 for HJ212_CRC_OFF. */
uint16_t hj212_crc_of(enum hj212_crc_kind kind, struct slice segment);
/* The variant whose value is the stated one, tried in the order of the enum; HJ212_CRC_KINDS when none is. */
enum hj212_crc_kind hj212_crc_matching(struct slice segment, unsigned stated);

#endif
