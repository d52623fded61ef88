/* Journal records and latest values as the data areas of HJ 212 (2017 C.14..C.30, 2025 as far as it is known).
 *
 *   record   DataTime=start of the period; x-Cou,x-Min,x-Avg,x-Max[,x-ZsMin,x-ZsAvg,x-ZsMax],x-Flag
 *   latest   DataTime=now; [x-SampleTime,]x-Rtd[,x-ZsRtd],x-Flag
 *
 * Numbers have the decimals of the version's format; a period without a valid value has its Flag alone. A converted
 * value that can't be computed is the largest number of the format in 2025 (8.1.1 d) and absent before.
 * Pure but for reading the journal. */
#ifndef CEMSD_PUBLISH_UPLINK_REPORT_H
#define CEMSD_PUBLISH_UPLINK_REPORT_H

#include "hj212/encode.h"
#include "journal/reader.h"
#include "model/plant.h"
#include "publish/uplink/settings.h"

/* A stored record whose channel is still configured. */
struct report_row {
    const struct channel *channel;
    uint64_t seq;
    enum period period;
    enum mark mark;
    int64_t from_ms, to_ms;
    double value, converted, min, max, converted_min, converted_max, amount, flow;
};

struct reporter {
    const struct plant *plant;
    const struct uplink *uplink;
    const struct uplink_settings *settings;
};

bool report_outlet(const struct reporter *r, const struct outlet *outlet);
/* False when its channel is gone or its outlet is not reported here. */
bool report_row_of(const struct reporter *r, const struct stored_record *record, struct report_row *row);

/* Each begins the message and says whether there is anything to send. */
bool report_record(const struct reporter *r, int cn, const struct report_row *rows, size_t count, bool resent,
                   struct hj212_message *out);
/* 2051 of a MinInterval above 1: the minutes that end at to_ms together, by the daemon's own rule of 75 % valid ones.
 */
bool report_minutes(const struct reporter *r, struct reader *reader, const struct outlet *outlet, int64_t to_ms,
                    int minutes, bool resent, struct hj212_message *out);
bool report_latest(const struct reporter *r, int64_t now_ms,
                   bool (*latest)(void *owner, uint32_t channel, struct reading *out, int64_t *time_ms), void *owner,
                   struct hj212_message *out);
/* 2021: SBn-RS. */
bool report_units(const struct reporter *r, int64_t now_ms,
                  bool (*latest)(void *owner, uint32_t channel, struct reading *out, int64_t *time_ms), void *owner,
                  struct hj212_message *out);
/* 2041: hours a unit ran on the day that begins at day_ms, from the day's minute records. */
bool report_run_times(const struct reporter *r, struct reader *reader, const struct outlet *outlet, int64_t day_ms,
                      bool resent, struct hj212_message *out);
/* 2111: mean of the furnace temperature over the 5 minutes that begin at from_ms. */
bool report_furnace(const struct reporter *r, struct reader *reader, const struct outlet *outlet, int64_t from_ms,
                    bool resent, struct hj212_message *out);
/* One item behind DataTime: 2081, 3020. */
bool report_item(const struct reporter *r, int cn, int64_t time_ms, struct slice item, struct hj212_message *out);

#endif
