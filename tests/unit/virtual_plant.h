/* A plant on a virtual clock: a configuration goes in, samples go in, records and alarms are kept. For unit tests. */
#ifndef CEMSD_TESTS_VIRTUAL_PLANT_H
#define CEMSD_TESTS_VIRTUAL_PLANT_H

#include "check.h"

#include "compute/compute.h"
#include "config/load.h"
#include "model/instant.h"

static struct plant *plant;
static struct compute *compute;
static struct period_record last[PERIODS];
static size_t record_count[PERIODS];
static struct alarm_event alarms[512];
static size_t alarm_count;
static bool refuse_records;

static inline bool on_record(void *owner, const struct period_record *record)
{
    (void)owner;
    last[record->period] = *record;
    record_count[record->period]++;
    return !refuse_records;
}

static inline void on_alarm(void *owner, const struct alarm_event *event)
{
    (void)owner;
    assert_true(alarm_count < 512);
    alarms[alarm_count++] = *event;
}

static inline int64_t at(const char *text)
{
    int64_t ms = 0;
    assert_true(instant_parse(text, &ms));
    return ms;
}

static inline int begin_plant(const char *yaml, const char *from)
{
    static struct load_report report;
    struct compute_sink sink = {.record = on_record, .alarm = on_alarm};
    struct error err;
    write_text("p.yaml", yaml);
    plant = plant_load("p.yaml", &report);
    if (!plant)
        report_print(&report, stderr);
    report_clear(&report);
    compute = plant ? compute_new(plant, sink, &err) : NULL;
    memset(record_count, 0, sizeof record_count);
    alarm_count = 0;
    refuse_records = false;
    if (!compute)
        return -1;
    compute_begin(compute, at(from));
    return 0;
}

static inline void end_plant(void)
{
    compute_free(compute);
    plant_free(plant);
}

static inline size_t count_alarms(enum alarm_kind kind, enum alarm_state alarm_state)
{
    size_t n = 0;
    for (size_t i = 0; i < alarm_count; i++)
        n += alarms[i].kind == kind && alarms[i].state == alarm_state;
    return n;
}

#endif
