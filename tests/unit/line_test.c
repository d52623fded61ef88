/* A line against a device that misbehaves in every way it knows: what users of neighbouring systems were hurt by. The
 * device runs on a thread of its own; the tests wait for samples, never for time alone. Runs under TSan too. */
#include "check.h"

#include "acquire/lines.h"
#include "acquire/mailbox.h"
#include "config/load.h"
#include "model/clock.h"
#include "serve.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

/* ---- the device ---- */

static struct signal signal_table[] = {{.name = "a", .base = 10, .tau_s = 1, .min = -1e9, .max = 1e9, .stopped = NAN},
                                       {.name = "b", .base = 20, .tau_s = 1, .min = -1e9, .max = 1e9, .stopped = NAN}};
static struct event events[EVENTS_MAX];
static struct signals signals = {signal_table, 2, events, 0, 1};
static struct device_point points[8];
static struct device device = {.name = "dev", .points = points};
static struct served *served;
static uv_loop_t loop;
static uv_async_t poke;
static uv_mutex_t poke_lock;
static uv_cond_t poked;
static pthread_t server;
static enum { DO_NOTHING, DO_FAULT, DO_CLEAR, DO_DROP, DO_STOP } order;
static struct event ordered;

/* Orders are carried out on the server's thread. */
static void on_poke(uv_async_t *handle)
{
    uv_mutex_lock(&poke_lock);
    if (order == DO_FAULT)
        events[signals.event_count++] = ordered;
    else if (order == DO_CLEAR)
        signals.event_count = 0;
    else if (order == DO_DROP)
        serve_drop(served);
    else if (order == DO_STOP)
        uv_stop(handle->loop);
    order = DO_NOTHING;
    uv_cond_signal(&poked);
    uv_mutex_unlock(&poke_lock);
}

static void tell(int what)
{
    uv_mutex_lock(&poke_lock);
    order = what;
    uv_async_send(&poke);
    while (order != DO_NOTHING)
        uv_cond_wait(&poked, &poke_lock);
    uv_mutex_unlock(&poke_lock);
}

static void fault(int station, enum fault kind, double value)
{
    ordered =
        (struct event){.for_s = 1e9, .value = value, .station = station, .does = 100 + (int)kind, .has_device = true};
    snprintf(ordered.device, sizeof ordered.device, "dev");
    tell(DO_FAULT);
}

static void *serve(void *unused)
{
    uv_run(&loop, UV_RUN_DEFAULT);
    return unused;
}

static int tcp_port, rtu_port;

static int free_port(void)
{
    uv_tcp_t probe;
    struct sockaddr_in address;
    int size = sizeof address;
    uv_loop_t own;
    uv_loop_init(&own);
    uv_tcp_init(&own, &probe);
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_bind(&probe, (struct sockaddr *)&address, 0);
    uv_tcp_getsockname(&probe, (struct sockaddr *)&address, &size);
    uv_close((uv_handle_t *)&probe, NULL);
    uv_run(&own, UV_RUN_DEFAULT);
    uv_loop_close(&own);
    return ntohs(address.sin_port);
}

static int start_server(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) { /* stations 1 and 2, floats at 0 and 10 */
        points[i] = (struct device_point){
            .at = {.station = 1 + i / 2, .table = MB_HOLDING, .address = 10 * (i % 2), .type = MB_FLOAT32},
            .scale = 1,
            .signal_index = i % 2};
        device.point_count++;
    }
    device.has_tcp = device.has_rtu_over_tcp = true;
    device.gaps_refused = true;
    tcp_port = device.tcp.port = free_port();
    do
        rtu_port = device.rtu_over_tcp.port = free_port();
    while (rtu_port == tcp_port);
    uv_loop_init(&loop);
    uv_async_init(&loop, &poke, on_poke);
    uv_mutex_init(&poke_lock);
    uv_cond_init(&poked);
    if (!serve_device(&loop, &device, &signals, 1, &served))
        return -1;
    return pthread_create(&server, NULL, serve, NULL);
}

static int stop_server(void **state)
{
    (void)state;
    tell(DO_STOP);
    return pthread_join(server, NULL);
}

/* ---- the line ---- */

static struct line_worker *worker;
static uv_sem_t woken;
static struct acquired latest[4];
static uint64_t seen[4];

static void wake(void *owner)
{
    (void)owner;
    uv_sem_post(&woken);
}

static int pause_ms;

static void start_line(enum line_kind kind, int max_gap)
{
    static struct line line;
    static const struct point POINTS[] = {{1, MB_HOLDING, 0, MB_FLOAT32, MB_ORDER_DEFAULT, 0, 100},
                                          {1, MB_HOLDING, 10, MB_FLOAT32, MB_ORDER_DEFAULT, 0, 100},
                                          {2, MB_HOLDING, 0, MB_FLOAT32, MB_ORDER_DEFAULT, 0, 100},
                                          {2, MB_HOLDING, 10, MB_FLOAT32, MB_ORDER_DEFAULT, 0, 100}};
    struct error err = {""};
    line = (struct line){
        .name = "l", .kind = kind, .timeout_ms = 150, .max_registers = 125, .max_gap = max_gap, .pause_ms = pause_ms};
    snprintf(line.tcp.host, sizeof line.tcp.host, "127.0.0.1");
    line.tcp.port = tcp_port;
    line.rtu_over_tcp = line.tcp;
    line.rtu_over_tcp.port = rtu_port;
    memset(seen, 0, sizeof seen);
    uv_sem_init(&woken, 0);
    tell(DO_CLEAR);
    worker = line_start(&line, POINTS, 4, 0, wake, NULL, &err);
    if (!worker)
        fail_msg("%s", err.text);
}

static void end_line(void)
{
    line_free(worker);
    uv_sem_destroy(&woken);
}

static void take(void)
{
    struct acquired got[256];
    size_t n;
    while ((n = line_take(worker, got, 256)) > 0) {
        for (size_t i = 0; i < n; i++) {
            latest[got[i].point] = got[i];
            seen[got[i].point]++;
        }
    }
}

/* Waits until the point was delivered with the mark, at most 20 s. */
static void wait_for(size_t point, enum mark mark)
{
    int64_t deadline = clock_monotonic_ns() + INT64_C(20000000000);
    uint64_t before;
    take();
    before = seen[point];
    while (seen[point] == before || latest[point].mark != mark) {
        if (clock_monotonic_ns() > deadline)
            fail_msg("point %zu: last mark %s after %llu samples, waited for %s", point, mark_code(latest[point].mark),
                     (unsigned long long)seen[point], mark_code(mark));
        uv_sem_wait(&woken);
        take();
    }
}

static struct line_status status(void)
{
    struct line_status s;
    line_status_get(worker, &s);
    return s;
}

static void values_arrive(enum line_kind kind)
{
    start_line(kind, 0);
    for (size_t p = 0; p < 4; p++)
        wait_for(p, MARK_N);
    check_close(latest[0].raw, 10, 0);
    check_close(latest[1].raw, 20, 0);
    end_line();
}

static void values_arrive_over_tcp_and_rtu(void **state)
{
    (void)state;
    values_arrive(LINE_MODBUS_TCP);
    values_arrive(LINE_MODBUS_RTU_OVER_TCP);
}

/* node-red-contrib-modbus #446, thingsboard-gateway #932: station 2 is silent; station 1 keeps its interval. Over 2 s
 * it must get at least 15 of 20 slots: two time-outs of 150 ms before the back-off and one probe after 1 s are all it
 * loses. */
static void a_silent_station_does_not_stall_its_neighbours(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        start_line(kind ? LINE_MODBUS_RTU_OVER_TCP : LINE_MODBUS_TCP, 0);
        wait_for(0, MARK_N);
        fault(2, FAULT_SILENT, 0);
        wait_for(2, MARK_B);
        wait_for(3, MARK_B);
        int64_t begin = clock_monotonic_ns();
        uint64_t good = 0, silent = 0, before = seen[0], before_silent = seen[2];
        while (clock_monotonic_ns() - begin < INT64_C(2000000000)) {
            uv_sem_wait(&woken);
            take();
            assert_int_equal(latest[0].mark, MARK_N);
        }
        good = seen[0] - before;
        silent = seen[2] - before_silent;
        assert_true(good >= 15);
        assert_true(silent >= 15); /* its points are delivered all the same, marked B */
        tell(DO_CLEAR);
        wait_for(2, MARK_N); /* and it is found again without help */
        end_line();
    }
}

/* home-assistant #52450, node-red-contrib-modbus #6 #69 #236: the wire is cut and comes back, again and again. */
static void a_cut_connection_is_made_again(void **state)
{
    (void)state;
    start_line(LINE_MODBUS_TCP, 0);
    for (int i = 0; i < 5; i++) {
        wait_for(0, MARK_N);
        tell(DO_DROP);
    }
    wait_for(0, MARK_N);
    assert_true(status().counts.connects >= 5);
    fault(0, FAULT_DISCONNECT, 0); /* takes the connection and hangs up on every request */
    wait_for(0, MARK_B);
    tell(DO_CLEAR);
    wait_for(0, MARK_N);
    end_line();
}

/* emqx/neuron PR #2155: every way to answer wrongly is refused, marked B, and followed by good values again. */
static void wrong_answers_are_never_taken(void **state)
{
    static const struct {
        enum fault fault;
        double value;
        enum mark mark;
        bool rtu;
    } CASES[] = {
        {FAULT_GARBLED, 0, MARK_B, true},
        {FAULT_GARBLED, 0, MARK_B, false},
        {FAULT_WRONG_TRANSACTION, 0, MARK_B, false},
        {FAULT_WRONG_STATION, 0, MARK_B, false},
        {FAULT_WRONG_STATION, 0, MARK_B, true},
        {FAULT_SHORT, 0, MARK_B, false},
        {FAULT_SHORT, 0, MARK_B, true},
        {FAULT_EXCEPTION, 4, MARK_D, false},
        {FAULT_EXCEPTION, 11, MARK_B, false},
        {FAULT_EXCEPTION, 6, MARK_D, true},
        {FAULT_DRIP, 0, MARK_B, false},
        {FAULT_DRIP, 0, MARK_B, true},
        {FAULT_SLOW, 400, MARK_B, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        start_line(CASES[i].rtu ? LINE_MODBUS_RTU_OVER_TCP : LINE_MODBUS_TCP, 0);
        wait_for(0, MARK_N);
        fault(0, CASES[i].fault, CASES[i].value);
        wait_for(0, CASES[i].mark);
        wait_for(1, CASES[i].mark);
        tell(DO_CLEAR);
        for (size_t p = 0; p < 4; p++)
            wait_for(p, MARK_N);
        check_close(latest[0].raw, 10, 0); /* never 20, the neighbour's */
        check_close(latest[1].raw, 20, 0);
        end_line();
    }
}

/* A body longer than its header says (TCP) leaves bytes behind: they are thrown away, the value before them is good. */
static void trailing_bytes_are_flushed(void **state)
{
    (void)state;
    start_line(LINE_MODBUS_RTU_OVER_TCP, 0);
    wait_for(0, MARK_N);
    uint64_t before = status().counts.flushed_bytes;
    fault(0, FAULT_LONG, 0);
    for (int i = 0; i < 6; i++)
        wait_for(0, MARK_N);
    assert_true(status().counts.flushed_bytes > before);
    end_line();
}

/* Answers that come after the time-out, 30 ms into the next request: never taken for it. Station 1 has a at 0 and b at
 * 10, asked in turn, so a late answer taken for the next one's would swap them. */
static void a_late_answer_is_not_the_next_ones(void **state)
{
    (void)state;
    start_line(LINE_MODBUS_TCP, 0);
    wait_for(0, MARK_N);
    fault(0, FAULT_LATE, 180);
    wait_for(0, MARK_B);
    wait_for(1, MARK_B);
    tell(DO_CLEAR);
    int64_t begin = clock_monotonic_ns();
    for (uint64_t n = 0; n < 20 || clock_monotonic_ns() - begin < INT64_C(500000000); n++) {
        uv_sem_wait(&woken);
        take();
        for (size_t p = 0; p < 4; p++)
            if (latest[p].mark == MARK_N)
                check_close(latest[p].raw, p % 2 ? 20 : 10, 0);
    }
    wait_for(0, MARK_N);
    assert_true(status().counts.flushed_bytes > 0);
    end_line();
}

/* telegraf #9253: joining over a gap the device refuses; the block is split and every point is had. */
static void a_refused_gap_splits_the_block(void **state)
{
    (void)state;
    start_line(LINE_MODBUS_TCP, 8);
    for (size_t p = 0; p < 4; p++)
        wait_for(p, MARK_N);
    assert_int_equal(status().blocks, 4); /* began as 2, one a station */
    assert_int_equal(status().counts.results[MB_EXCEPTION], 2);
    for (size_t p = 0; p < 4; p++)
        assert_true(latest[p].mark == MARK_N);
    end_line();
}

/* thingsboard-gateway #1664, #1589: converters that need a pause between requests get it. Four requests are due every
 * 100 ms; with 80 ms between an answer and the next request at most one fits each 80 ms. */
static void requests_keep_their_pause(void **state)
{
    (void)state;
    pause_ms = 80;
    start_line(LINE_MODBUS_RTU_OVER_TCP, 0);
    pause_ms = 0;
    wait_for(0, MARK_N);
    uint64_t before = status().counts.requests;
    int64_t begin = clock_monotonic_ns();
    for (size_t p = 0; p < 12; p++)
        wait_for(p % 4, MARK_N);
    uint64_t asked = status().counts.requests - before;
    int64_t spent_ms = (clock_monotonic_ns() - begin) / 1000000;
    assert_true(asked >= 8);
    assert_true((int64_t)asked <= spent_ms / 80 + 1);
    end_line();
}

/* A TCP answer with bytes behind it: what is taken is right, the line is put in step again. */
static void bytes_behind_a_tcp_answer_do_no_harm(void **state)
{
    (void)state;
    start_line(LINE_MODBUS_TCP, 0);
    fault(0, FAULT_LONG, 0);
    for (int good = 0; good < 10;) {
        uv_sem_wait(&woken);
        take();
        for (size_t p = 0; p < 4; p++)
            if (seen[p] && latest[p].mark == MARK_N)
                check_close(latest[p].raw, p % 2 ? 20 : 10, 0);
        good += seen[0] && latest[0].mark == MARK_N;
    }
    tell(DO_CLEAR);
    for (size_t p = 0; p < 4; p++)
        wait_for(p, MARK_N);
    end_line();
}

/* A port nobody listens on: marked B at every interval, without end and without hurry. */
static void an_absent_device_is_marked_b(void **state)
{
    (void)state;
    int kept = tcp_port;
    tcp_port = free_port();
    start_line(LINE_MODBUS_TCP, 0);
    tcp_port = kept;
    for (int i = 0; i < 10; i++)
        wait_for(3, MARK_B);
    struct line_status s = status();
    assert_int_equal(s.state, LINE_WAITING);
    assert_true(s.counts.connect_failures >= 1 && s.counts.connect_failures <= 3); /* after 0.5, 1 s ... */
    assert_non_null(strstr(s.last_error, "Connection refused"));
    end_line();
}

static void *put_all(void *box)
{
    static struct acquired many[LINE_MAILBOX + 10];
    for (uint32_t i = 0; i < LINE_MAILBOX + 10; i++)
        many[i].point = i;
    return mailbox_put(box, many, LINE_MAILBOX + 10) ? box : NULL;
}

/* A full mailbox makes the writer wait, counts it and loses nothing; stopping ends the wait. */
static void a_full_mailbox_waits(void **state)
{
    struct mailbox box;
    struct acquired got[64];
    pthread_t writer;
    void *all = NULL;
    (void)state;
    assert_true(mailbox_init(&box));
    pthread_create(&writer, NULL, put_all, &box);
    while (box.count < LINE_MAILBOX)
        sched_yield();
    for (uint32_t next = 0; next < LINE_MAILBOX + 10;) {
        size_t n = mailbox_take(&box, got, 64);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(got[i].point, next++);
    }
    pthread_join(writer, &all);
    assert_ptr_equal(all, &box);
    assert_true(box.waits > 0);
    pthread_create(&writer, NULL, put_all, &box);
    while (box.count < LINE_MAILBOX)
        sched_yield();
    mailbox_stop(&box);
    pthread_join(writer, &all);
    assert_null(all);
    mailbox_clear(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_arrive_over_tcp_and_rtu),
        cmocka_unit_test(a_silent_station_does_not_stall_its_neighbours),
        cmocka_unit_test(a_cut_connection_is_made_again),
        cmocka_unit_test(wrong_answers_are_never_taken),
        cmocka_unit_test(trailing_bytes_are_flushed),
        cmocka_unit_test(a_late_answer_is_not_the_next_ones),
        cmocka_unit_test(a_refused_gap_splits_the_block),
        cmocka_unit_test(an_absent_device_is_marked_b),
        cmocka_unit_test(a_full_mailbox_waits),
        cmocka_unit_test(requests_keep_their_pause),
        cmocka_unit_test(bytes_behind_a_tcp_answer_do_no_harm),
    };
    signal(SIGPIPE, SIG_IGN); /* as the daemon does: a device that hangs up while it is written to */
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
