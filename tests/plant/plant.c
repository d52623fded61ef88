/* plant --scenario FILE [--seed N]: a simulated plant, until SIGTERM or the end of standard input.
 *
 * Standard input takes commands, so that a test can disturb it when it wants:
 *   signal NAME DOES [VALUE] [FOR_S]          from now on (default for ever)
 *   device NAME STATION DOES [VALUE] [FOR_S]  STATION 0 = all
 *   clear                                     ends every disturbance
 *   drop NAME                                 hangs up on everybody
 *   requests                                  prints "requests NAME COUNT" for each device */
#include "scenario.h"
#include "serve.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct scenario scenario;
static struct signals signals;
static struct served *served[256];
static uint64_t start_ns;
static char input[4096];
static size_t input_length;

static double now_s(void)
{
    return (double)(uv_hrtime() - start_ns) / 1e9 * scenario.speed;
}

static void add_event(bool is_signal, const char *name, int station, const char *does, double value, double for_s)
{
    struct event e = {.at_s = now_s(),
                      .for_s = for_s,
                      .value = value,
                      .station = station,
                      .does = scenario_event_kind(does),
                      .has_signal = is_signal,
                      .has_device = !is_signal};
    if (e.does < 0 || (e.does >= 100) == is_signal || signals.event_count == EVENTS_MAX) {
        printf("refused %s\n", does);
        return;
    }
    snprintf(is_signal ? e.signal : e.device, SIGNAL_NAME, "%s", name);
    scenario.events[signals.event_count++] = e;
    printf("done\n");
}

static void command(char *line)
{
    char name[SIGNAL_NAME] = "", does[32] = "";
    int station = 0;
    double value = 0, for_s = 1e12;
    if (sscanf(line, "signal %63s %31s %lf %lf", name, does, &value, &for_s) >= 2) {
        add_event(true, name, 0, does, value, for_s);
    } else if (sscanf(line, "device %63s %d %31s %lf %lf", name, &station, does, &value, &for_s) >= 3) {
        add_event(false, name, station, does, value, for_s);
    } else if (strcmp(line, "clear") == 0) {
        signals.event_count = 0;
        printf("done\n");
    } else if (strcmp(line, "requests") == 0) {
        for (size_t i = 0; i < scenario.device_count; i++)
            printf("requests %s %llu\n", scenario.devices[i].name, (unsigned long long)serve_requests(served[i]));
        printf("done\n");
    } else if (sscanf(line, "drop %63s", name) == 1) {
        for (size_t i = 0; i < scenario.device_count; i++)
            if (strcmp(scenario.devices[i].name, name) == 0)
                serve_drop(served[i]);
        printf("done\n");
    } else {
        printf("unknown command: %s\n", line);
    }
    fflush(stdout);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(input + input_length, (unsigned)(sizeof input - 1 - input_length));
}

static void on_input(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    (void)buffer;
    if (n < 0) {
        uv_stop(stream->loop);
        return;
    }
    input_length += (size_t)n;
    input[input_length] = '\0';
    for (char *end; (end = memchr(input, '\n', input_length));) {
        *end = '\0';
        command(input);
        input_length -= (size_t)(end + 1 - input);
        memmove(input, end + 1, input_length);
        input[input_length] = '\0';
    }
    if (input_length == sizeof input - 1)
        input_length = 0;
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    uv_stop(handle->loop);
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {{"scenario", required_argument, NULL, 's'},
                                            {"seed", required_argument, NULL, 'n'},
                                            {"daemon", no_argument, NULL, 'd'},
                                            {NULL, 0, NULL, 0}};
    const char *file = NULL;
    bool detached = false;
    uint64_t seed = 1;
    int option;
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (option == 's')
            file = optarg;
        else if (option == 'n')
            seed = strtoull(optarg, NULL, 10);
        else if (option == 'd')
            detached = true;
        else
            return 2;
    }
    if (!file) {
        fprintf(stderr, "usage: plant --scenario FILE [--seed N] [--daemon (no commands on standard input)]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    if (!scenario_load(file, &scenario, stderr))
        return 78;
    signals = (struct signals){scenario.signals, scenario.signal_count, scenario.events, scenario.event_count, seed};
    uv_loop_t *loop = uv_default_loop();
    start_ns = uv_hrtime();
    for (size_t i = 0; i < scenario.device_count; i++)
        if (!serve_device(loop, &scenario.devices[i], &signals, scenario.speed, &served[i]))
            return 1;
    uv_signal_t term, interrupt;
    uv_signal_init(loop, &term);
    uv_signal_start(&term, on_signal, SIGTERM);
    uv_signal_init(loop, &interrupt);
    uv_signal_start(&interrupt, on_signal, SIGINT);
    uv_pipe_t standard_input;
    if (!detached) {
        uv_pipe_init(loop, &standard_input, 0);
        uv_pipe_open(&standard_input, 0);
        uv_read_start((uv_stream_t *)&standard_input, on_room, on_input);
    }
    printf("ready\n");
    fflush(stdout);
    uv_run(loop, UV_RUN_DEFAULT);
    return 0;
}
