/* cemsd: arguments, the state of the process, and the gateway. Exit: 0 done, 1 failure, 2 usage, 78 configuration. */
#include "config/factors.h"
#include "config/load.h"
#include "gateway.h"
#include "model/log.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_CONFIG = 78 };

static const char HELP[] =
    "usage: cemsd --config FILE           run in the foreground\n"
    "       cemsd --check --config FILE   check the configuration and say what is wrong with it\n"
    "       cemsd --schema                print the configuration reference (Markdown)\n"
    "       cemsd --version | --help\n"
    "\n"
    "signals: SIGTERM stop in order, SIGHUP reload the configuration\n"
    "exit:    0 done, 1 failure, 2 usage, 78 configuration\n"
    "用法：cemsd --config 文件 运行；--check 只检查配置；--schema 打印配置说明\n";

static int usage(const char *problem)
{
    fprintf(stderr, "cemsd: %s\n%s", problem, HELP);
    return EXIT_USAGE;
}

static void print_summary(const struct plant *plant)
{
    size_t limits = 0;
    for (size_t i = 0; i < plant->channel_count; i++)
        limits += plant->channels[i]->limit_count;
    printf("OK: %s (%s): %zu lines, %zu outlets, %zu channels, %zu limits; journal %s\n", plant->site.name,
           plant->site.mn, plant->line_count, plant->outlet_count, plant->channel_count, limits, plant->journal.path);
}

static int check(const char *file)
{
    static struct load_report report;
    struct plant *plant = plant_load(file, &report);
    report_print(&report, stdout);
    if (plant)
        print_summary(plant);
    report_clear(&report);
    int code = plant ? EXIT_DONE : EXIT_CONFIG;
    plant_free(plant);
    return code;
}

static int run(const char *file)
{
    static struct load_report report;
    struct error err = {""};
    if (log_is_journald())
        log_to_journald("/run/systemd/journal/socket");
    struct plant *plant = plant_load(file, &report);
    if (!plant)
        report_print(&report, stderr);
    for (size_t i = 0; plant && i < report.notice_count; i++)
        log_line(LOG_WARN, "config", "notice=\"%s\"", report.notices[i]);
    report_clear(&report);
    if (!plant)
        return EXIT_CONFIG;
    signal(SIGPIPE, SIG_IGN); /* a converter that hangs up is an answer, not an end */
    signal(SIGXFSZ, SIG_IGN); /* so is a file that may not grow */
    struct gateway *gateway = gateway_open(plant, file, &err);
    if (!gateway) {
        log_line(LOG_ERROR, "gateway", "event=refused error=\"%s\"", err.text);
        return EXIT_FAILED;
    }
    return gateway_run(gateway);
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'}, {"schema", no_argument, NULL, 's'},
        {"version", no_argument, NULL, 'v'},      {"help", no_argument, NULL, 'h'},  {NULL, 0, NULL, 0}};
    const char *config = NULL;
    bool only_check = false;
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "c:h", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'c': config = optarg; break;
        case 'k': only_check = true; break;
        case 's': plant_schema_print(stdout); return EXIT_DONE;
        case 'v': printf("cemsd %s\n", CEMSD_VERSION); return EXIT_DONE;
        case 'h': fputs(HELP, stdout); return EXIT_DONE;
        default: return usage("unknown or incomplete option");
        }
    }
    if (optind < argc)
        return usage("what is that argument?");
    if (!config)
        return usage("--config FILE is missing");
    factor_count();
    return only_check ? check(config) : run(config);
}
