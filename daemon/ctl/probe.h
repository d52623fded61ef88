/* cemsctl probe: what is on a wire before anything is configured. Private to cemsctl. */
#ifndef CEMSD_CTL_PROBE_H
#define CEMSD_CTL_PROBE_H

#include "ctl/ctl.h"
#include "hj212/sm4.h"

/* Where to look, as a line:
 *   tcp:HOST[:PORT]                           Modbus TCP, or HJ 212 as client
 *   rtu:DEVICE[,BAUD[,none|even|odd[,STOP]]]  a serial device, 9600,none,1
 *   rtu-over-tcp:HOST:PORT                    a converter
 *   listen:ADDRESS:PORT                       HJ 212 as server
 *   NAME                                      a line of --config
 * CTL_DONE, or the exit code after printing what is wrong. */
int probe_where(struct ctl *ctl, const char *text, struct line *line);

int probe_scan(struct ctl *ctl, const struct line *line);
int probe_read(struct ctl *ctl, const struct line *line);
/* As cemsctl hj212 decode prints it; whether it is good. key NULL: none. (hj212.c) */
bool ctl_print_frame(struct hj212_frame *frame, struct hj212_key *key, bool strict);
/* Bytes in hex as they come; hj212: frames, decoded. */
int probe_watch(struct ctl *ctl, const struct line *line, bool hj212);

#endif
