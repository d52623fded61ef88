/* bench_compute CHANNELS SECONDS: raw samples at 1 Hz through the daemon's computing, nothing else. Prints one JSON
 * line: samples a second of CPU time, bytes of heap a channel, and what the heap grew by while computing (nothing).
 *
 * Outlets of ten channels: four pollutants (one of them hot and wet), O2, velocity, temperature, pressure, moisture and
 * a state of the plant, judged by hour and day limits. */
#include "compute/compute.h"
#include "compute/suspect.h"
#include "config/load.h"
#include "model/instant.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CHANNELS = 10, GROUP = 100 };

static uint64_t records, alarms;

static bool on_record(void *owner, const struct period_record *record)
{
    (void)owner;
    (void)record;
    records++;
    return true;
}

static void on_alarm(void *owner, const struct alarm_event *event)
{
    (void)owner;
    (void)event;
    alarms++;
}

static void write_plant(FILE *out, int outlets)
{
    static const char *const FACTORS[CHANNELS] = {
        "a21026, limits: [{period: hour, max: 35, source: s}, {period: day, max: 30, source: s}]",
        "a21002, limits: [{period: hour, max: 50, source: s}]",
        "a34013, basis: {state: actual, moisture: wet}, limits: [{period: hour, max: 10, source: s}]",
        "a21005",
        "a19001",
        "a01011",
        "a01012",
        "a01013",
        "a01014",
        "xstate",
    };
    fputs("site: {name: N, code: C, mn: 88880001}\nfeeds: {disclosure: {bind: \"tcp://127.0.0.1:1\", realtime_s: 60}}\n"
          "lines: [{name: a, modbus_tcp: {host: h}}]\nfactors: [{code: xstate, name: s}]\noutlets:\n",
          out);
    for (int o = 0; o < outlets; o++) {
        fprintf(out,
                "  - {id: D%d, name: d, medium: gas, reference_o2: 6, duct: {area_m2: 20}, operation: {rules: [{state: "
                "stopped, factor: xstate, is: 9}]}, channels: [",
                o);
        for (int c = 0; c < CHANNELS; c++)
            fprintf(out, "%s{source: {line: a, station: %d, address: %d}, factor: %s}", c ? ", " : "", o % 200,
                    o / 200 * 100 + 2 * c, FACTORS[c]);
        fputs("]}\n", out);
    }
}

static size_t heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Every second each line of GROUP channels hands over what it read. */
static double run(struct compute *compute, size_t channels, int64_t begin_ms, long seconds)
{
    static const double BASE[CHANNELS] = {20, 30, 5, 60, 7, 12, 120, -0.5, 9, 1};
    struct sample group[GROUP];
    uint32_t noise = 1;
    double before = cpu_s();
    for (long s = 0; s < seconds; s++) {
        for (size_t c = 0, n = 0; c < channels; c++) {
            noise = noise * 1664525 + 1013904223;
            double base = BASE[c % CHANNELS];
            bool wanders = c % CHANNELS != 9;
            group[n++] = (struct sample){begin_ms + s * 1000, (uint32_t)c, MARK_N,
                                         wanders ? base * (1 + (double)(noise >> 16) / 6553600) : base, false};
            if (n < GROUP && c + 1 < channels)
                continue;
            compute_samples(compute, group, n);
            n = 0;
        }
    }
    return cpu_s() - before;
}

/* What of the state are windows: of periods, and of what suspicion looks back on. */
static size_t window_bytes(const struct plant *plant)
{
    size_t bytes = plant->channel_count * (PERIODS + 4) * sizeof(struct window);
    for (size_t i = 0; i < plant->channel_count; i++)
        if (suspect_wanted(plant, plant->channels[i]))
            bytes += SUSPECT_PRINTS * sizeof(uint16_t) + SUSPECT_HOUR * sizeof(float);
    return bytes;
}

static bool number(const char *text, long low, long high, long *out)
{
    char *end = NULL;
    *out = strtol(text, &end, 10);
    return *end == '\0' && end != text && *out >= low && *out <= high;
}

int main(int argc, char **argv)
{
    static struct load_report report;
    char path[] = "/tmp/bench-compute-XXXXXX";
    struct error err;
    struct compute_sink sink = {.record = on_record, .alarm = on_alarm};
    long channels, seconds;
    if (argc != 3 || !number(argv[1], CHANNELS, CHANNELS_MAX, &channels) || !number(argv[2], 1, 1000000, &seconds)) {
        fprintf(stderr, "usage: bench_compute CHANNELS SECONDS\n");
        return 2;
    }
    int outlets = (int)(channels / CHANNELS);
    int fd = mkstemp(path);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!out)
        return 1;
    write_plant(out, outlets);
    fclose(out);
    struct plant *plant = plant_load(path, &report);
    remove(path);
    if (!plant) {
        report_print(&report, stderr);
        return 1;
    }
    size_t heap = heap_bytes();
    struct compute *compute = compute_new(plant, sink, &err);
    if (!compute)
        return 1;
    size_t state = heap_bytes() - heap;
    int64_t begin_ms = 0;
    instant_parse("2026-11-23T00:00:00", &begin_ms);
    compute_begin(compute, begin_ms);
    run(compute, plant->channel_count, begin_ms, 120); /* warm */
    heap = heap_bytes();
    double spent = run(compute, plant->channel_count, begin_ms + 120000, seconds);
    size_t grown = heap_bytes() - heap;
    double samples = (double)seconds * (double)plant->channel_count;
    printf("{\"channels\":%zu,\"samples_per_s\":%.0f,\"ns_per_sample\":%.2f,\"bytes_per_channel\":%zu,\"window_bytes\":"
           "%zu,\"heap_grown\":%zu,"
           "\"records\":%llu,\"alarms\":%llu}\n",
           plant->channel_count, samples / spent, spent / samples * 1e9, state / plant->channel_count,
           window_bytes(plant) / plant->channel_count, grown, (unsigned long long)records, (unsigned long long)alarms);
    compute_free(compute);
    plant_free(plant);
    report_clear(&report);
    return 0;
}
