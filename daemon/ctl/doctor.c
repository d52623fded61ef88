/* cemsctl doctor: what would keep the gateway from its work, and what to do about it.
 *
 *   configuration ─ serial lines ─ clock ─ disk ─ journal ─ keys ─ console ─ daemon (its lines, journal, uplinks), or
 * its ports
 *
 * A line each: ok, note (it works, but), BAD (it does not). Exit 1 when something is BAD. In Chinese where the locale
 * is. */
#include "ctl/ctl.h"
#include "ctl/terminal.h"

#include "config/bind.h"
#include "journal/sign.h"
#include "model/clock.h"
#include "model/instant.h"
#include "publish/console/access.h"
#include "publish/console/certificate.h"
#include "publish/feed/curve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

enum finding { GOOD, NOTE, BAD, FINDINGS };

struct doctor {
    struct ctl *ctl;
    const struct plant *plant;
    json_t *all;
    bool chinese, bad;
};

/* Advice NULL: none is needed. */
static void say(struct doctor *d, enum finding finding, const char *subject, const char *detail, const char *en,
                const char *zh)
{
    static const char *const WORDS[FINDINGS][2] = {{"ok", "正常"}, {"note", "注意"}, {"BAD", "故障"}};
    static const enum tone TONES_OF[FINDINGS] = {TONE_GOOD, TONE_NOTE, TONE_BAD};
    const char *advice = d->chinese ? zh : en;
    d->bad |= finding == BAD;
    if (d->ctl->json) {
        json_array_append_new(d->all, json_pack("{s:s, s:s, s:s, s:s?}", "finding", WORDS[finding][0], "subject",
                                                subject, "detail", detail, "advice", advice));
        return;
    }
    term_toned(WORDS[finding][d->chinese], 5, TONES_OF[finding]);
    term_cell(subject, 28);
    printf("%s\n", detail);
    if (advice)
        printf("      -> %s\n", advice);
}

static void check_serial(struct doctor *d)
{
    for (size_t i = 0; i < d->plant->line_count; i++) {
        const struct line *line = &d->plant->lines[i];
        const char *device = line->rtu.device;
        struct stat status;
        char subject[NAME_BYTES + 16];
        if (!line->has_rtu && !line->has_hj212_serial)
            continue;
        snprintf(subject, sizeof subject, "lines %s", line->name);
        if (stat(device, &status) < 0)
            say(d, BAD, subject, device, "there is no such device: plug it in, look at ls -l /dev/serial/by-id",
                "没有这个设备：请插好转换器，查看 ls -l /dev/serial/by-id");
        else if (!S_ISCHR(status.st_mode))
            say(d, BAD, subject, device, "this is not a serial device", "这不是串口设备");
        else if (access(device, R_OK | W_OK) < 0)
            say(d, BAD, subject, device, "not allowed: adduser cemsd dialout, then restart",
                "没有权限：adduser cemsd dialout，然后重启服务");
        else
            say(d, GOOD, subject, device, NULL, NULL);
    }
}

static void check_clock(struct doctor *d)
{
    struct timex state = {.modes = 0};
    char now[INSTANT_TEXT];
    int code = adjtimex(&state);
    instant_format(clock_wall_ms(), now);
    if (code < 0 || code == TIME_ERROR || (state.status & STA_UNSYNC))
        say(d, NOTE, "clock", now, "not synchronised, as far as the kernel knows: install chrony or systemd-timesyncd",
            "系统时钟未同步：请安装 chrony 或 systemd-timesyncd");
    else
        say(d, GOOD, "clock", now, NULL, NULL);
}

static void check_disk(struct doctor *d)
{
    char path[PATH_BYTES], detail[PATH_BYTES + 64];
    struct statvfs disk;
    snprintf(path, sizeof path, "%s", d->plant->journal.path);
    const char *folder = dirname(path);
    if (statvfs(folder, &disk) < 0) {
        snprintf(detail, sizeof detail, "%s: %s", folder, strerror(errno));
        say(d, BAD, "disk", detail, "make the folder, and give it to the user of the daemon",
            "请建立该目录并授权给服务用户");
        return;
    }
    double free_gib = (double)disk.f_bavail * (double)disk.f_frsize / 1073741824.0;
    snprintf(detail, sizeof detail, "%s: %.1f GiB", folder, free_gib);
    if (free_gib < 0.5)
        say(d, BAD, "disk", detail, "almost full: free some space, or set journal.keep",
            "磁盘将满：请清理或设置 journal.keep");
    else if (free_gib < 2)
        say(d, NOTE, "disk", detail, "little is free: journal.keep bounds the journal",
            "剩余空间不多：可用 journal.keep 限制");
    else
        say(d, GOOD, "disk", detail, NULL, NULL);
}

static void check_journal(struct doctor *d)
{
    const char *path = d->plant->journal.path;
    struct error err;
    char detail[PATH_BYTES + 64], last[INSTANT_TEXT];
    if (access(path, F_OK) < 0) {
        say(d, NOTE, "journal", path, "not there yet: the daemon makes it", "尚不存在：服务启动时建立");
        return;
    }
    struct reader *reader = reader_open(path, &err);
    if (!reader) {
        say(d, BAD, "journal", err.text, "keep it as it is, and run cemsctl verify",
            "请保留原文件并运行 cemsctl verify");
        return;
    }
    int64_t last_ms = reader_last_sample_ms(reader);
    snprintf(detail, sizeof detail, "%s%s%s", path, last_ms == INSTANT_NONE ? "" : ", ",
             last_ms == INSTANT_NONE ? "" : instant_format(last_ms, last));
    say(d, GOOD, "journal", detail, NULL, NULL);
    reader_close(reader);
}

static void check_keys(struct doctor *d)
{
    const struct feeds *feeds = &d->plant->feeds;
    struct error err;
    if (!feeds->signing_key[0]) {
        say(d, NOTE, "feeds.signing_key", "-", "messages are not signed: cemsctl keygen /etc/cemsd/feed.pem",
            "消息没有签名：cemsctl keygen /etc/cemsd/feed.pem");
    } else {
        struct signer *signer = signer_load(feeds->signing_key, &err);
        if (signer)
            say(d, GOOD, "feeds.signing_key", signer_id(signer), NULL, NULL);
        else
            say(d, BAD, "feeds.signing_key", err.text, "a private key in PEM, mode 0600, of the daemon's user",
                "应为 PEM 私钥，权限 0600，属于服务用户");
        signer_free(signer);
    }
    if (!feeds->has_curve)
        return;
    struct curve_key key;
    if (curve_key_read(feeds->curve.server_key, true, &key, &err))
        say(d, GOOD, "feeds.curve", key.public_key, NULL, NULL);
    else
        say(d, BAD, "feeds.curve", err.text, "cemsctl keygen --curve FILE makes one",
            "可用 cemsctl keygen --curve FILE 生成");
}

static void check_console(struct doctor *d)
{
    const struct console_place *c = &d->plant->console;
    struct access_list list;
    struct certificate certificate;
    struct error err;
    char until[INSTANT_TEXT];
    bool near = strncmp(c->bind, "127.", 4) == 0 || strncmp(c->bind, "[::1]", 5) == 0;
    if (c->access_file[0] && !access_read(c->access_file, &list, &err))
        say(d, BAD, "console.access_file", err.text, "cemsctl access add NAME makes it",
            "可用 cemsctl access add NAME 生成");
    else if (c->bind[0] && !near && !c->access_file[0])
        say(d, NOTE, "console", c->bind, "everybody who reaches it sees the operator's pages: set console.access_file",
            "能访问者均可看到运行页面：请设置 console.access_file");
    if (c->certificate[0] && !certificate_read(c->certificate, c->key, &certificate, &err)) {
        say(d, BAD, "console.certificate", err.text, "a PEM chain and its key, mode 0600, of the daemon's user",
            "应为 PEM 证书链及其私钥，权限 0600，属于服务用户");
    } else if (c->certificate[0]) {
        instant_format(certificate.not_after_ms, until);
        if (certificate.not_after_ms < clock_wall_ms())
            say(d, BAD, "console.certificate", until, "it has expired: renew it, then systemctl reload cemsd",
                "证书已过期：更新后 systemctl reload cemsd");
        else
            say(d, GOOD, "console.certificate", until, NULL, NULL);
        certificate_clear(&certificate);
    } else if (c->bind[0] && !near && c->access_file[0]) {
        say(d, NOTE, "console.certificate", c->bind, "secrets cross the network readable: set a certificate and key",
            "口令在网络上可被读取：请设置证书和私钥");
    }
}

/* ---- the daemon, or why it can't be there ---- */

static void check_bind(struct doctor *d, const char *name, const char *bind_text)
{
    char address[64];
    int port, on = 1;
    struct sockaddr_in where = {.sin_family = AF_INET};
    const char *plain = strncmp(bind_text, "tcp://", 6) == 0 ? bind_text + 6 : bind_text;
    if (!bind_text[0] || !bind_parse(plain, address, &port))
        return;
    if (inet_pton(AF_INET, address, &where.sin_addr) != 1)
        where.sin_addr.s_addr = htonl(INADDR_ANY);
    where.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&where, sizeof where) == 0)
        say(d, GOOD, name, bind_text, NULL, NULL);
    else if (errno == EADDRINUSE)
        say(d, BAD, name, bind_text, "another program has this port: ss -ltnp", "端口被其他程序占用：ss -ltnp");
    else
        say(d, BAD, name, bind_text, strerror(errno), strerror(errno));
    close(fd);
}

static void check_status(struct doctor *d, const json_t *status)
{
    size_t i;
    json_t *line;
    const char *error = json_string_value(json_object_get(json_object_get(status, "journal"), "error"));
    say(d, GOOD, "daemon", json_string_value(json_object_get(status, "version")), NULL, NULL);
    if (error)
        say(d, BAD, "daemon: journal", error, "nothing is published until it can be written",
            "写入恢复之前不会发布任何数据");
    json_array_foreach(json_object_get(status, "lines"), i, line)
    {
        char subject[NAME_BYTES + 16];
        const char *state = json_string_value(json_object_get(line, "state")),
                   *last = json_string_value(json_object_get(line, "last_error"));
        snprintf(subject, sizeof subject, "daemon: line %s", json_string_value(json_object_get(line, "name")));
        if (state && strcmp(state, "connected") == 0)
            say(d, GOOD, subject, state, NULL, NULL);
        else
            say(d, BAD, subject,
                last    ? last
                : state ? state
                        : "-",
                "is the analyzer on, its address right, its cable in? cemsctl status shows counts",
                "请检查分析仪是否开机、地址与接线是否正确；cemsctl status 显示计数");
    }
}

static void check_daemon(struct doctor *d)
{
    const struct feeds *feeds = &d->plant->feeds;
    const char *control = d->plant->control.bind, *path = strncmp(control, "ipc://", 6) == 0 ? control + 6 : "";
    json_t *status = path[0] && access(path, F_OK) == 0 ? ctl_ask(d->ctl, control, "status") : NULL;
    if (status) {
        check_status(d, status);
        json_decref(status);
        return;
    }
    if (control[0])
        say(d, NOTE, "daemon", control, "it does not answer: systemctl status cemsd",
            "服务没有应答：systemctl status cemsd");
    else
        say(d, NOTE, "daemon", "-", "control.bind is not set: nobody can ask it", "未设置 control.bind，无法询问服务");
    if (feeds->has_alarm)
        check_bind(d, "feeds.alarm", feeds->alarm.bind);
    if (feeds->has_disclosure)
        check_bind(d, "feeds.disclosure", feeds->disclosure.bind);
    if (feeds->has_replay)
        check_bind(d, "feeds.replay", feeds->replay.bind);
    check_bind(d, "console", d->plant->console.bind);
}

static bool speaks_chinese(void)
{
    const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value && value[0])
            return strncmp(value, "zh", 2) == 0;
    }
    return false;
}

int ctl_doctor(struct ctl *ctl)
{
    static void (*const CHECKS[])(struct doctor *) = {check_serial, check_clock,   check_disk,  check_journal,
                                                      check_keys,   check_console, check_daemon};
    struct doctor d = {.ctl = ctl, .plant = ctl_plant(ctl), .chinese = speaks_chinese(), .all = json_array()};
    if (!d.plant) {
        json_decref(d.all);
        return CTL_CONFIG;
    }
    say(&d, GOOD, "configuration", ctl->config, NULL, NULL);
    for (size_t i = 0; i < sizeof CHECKS / sizeof CHECKS[0]; i++)
        CHECKS[i](&d);
    if (ctl->json) {
        json_dumpf(d.all, stdout, JSON_COMPACT);
        printf("\n");
    }
    json_decref(d.all);
    return d.bad ? CTL_FAILED : CTL_DONE;
}
