/* cemsctl: the operator's and regulator's tool. The commands are a table; each has a file in ctl/. */
#include "config/factors.h"
#include "config/load.h"
#include "ctl/ctl.h"
#include "journal/sign.h"
#include "publish/feed/curve.h"

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ctl_completion(struct ctl *ctl);

static const struct command {
    const char *name;
    int (*run)(struct ctl *ctl);
    const char *usage, *en, *zh;
} COMMANDS[] = {
    {"status", ctl_status, "", "how the gateway is", "网关状态"},
    {"backlog", ctl_backlog, "[NAME] [--count SECONDS]", "what platforms have yet to acknowledge, until it is nothing",
     "等待待传数据传完"},
    {"doctor", ctl_doctor, "", "what would keep it from its work, and what to do",
     "检查配置、串口、时钟、磁盘、密钥、端口并给出建议"},
    {"watch", ctl_watch,
     "[alarm|disclosure] [--outlet ID] [--count N] [--save FILE] [--verify [--from SEQ] [--key FILE]]",
     "the feeds, live; --verify misses nothing", "实时查看发布流；--verify 逐条校验、不漏不重"},
    {"alarms", ctl_alarms, "[--active]", "alarms of the journal", "报警记录"},
    {"ack", ctl_ack, "ID --by WHO --note TEXT", "acknowledge an active alarm", "确认报警"},
    {"records", ctl_records, "[--outlet ID] [--factor CODE] [--period P] [--from T] [--to T] [--csv]",
     "closed periods of the journal", "周期数据"},
    {"report", ctl_report, "hour|day|month|quarter|year|tax [--outlet ID] [--from TIME] [--csv]",
     "tables of HJ 75, and the environmental protection tax", "报表与环境保护税"},
    {"verify", ctl_verify,
     "[--from SEQ] [--to SEQ] [--stream S] [--key FILE] [--checkpoint FILE | --messages FILE | --proof FILE]",
     "complete and unaltered?", "校验完整性与签名"},
    {"checkpoint", ctl_checkpoint, "[--from DAY]", "the day's checkpoint, a line for a notice board",
     "每日校验点（可张贴公示）"},
    {"prove", ctl_prove, "--stream S --from SEQ", "proof that an entry is of its checkpoint", "单条数据归属证明"},
    {"export", ctl_export, "[--stream S] [--from SEQ] [--to SEQ] [--out FILE]",
     "signed messages for verify --messages, to carry away", "导出带签名的消息"},
    {"backup", ctl_backup, "FILE", "a copy of the journal while it is written", "在线备份"},
    {"keygen", ctl_keygen, "[--sm2 | --curve] FILE",
     "make a signing key (Ed25519, SM2), or a CURVE key (FILE, FILE.pub)", "生成签名或 CURVE 密钥"},
    {"probe", ctl_probe, "modbus scan|read|watch WHERE | hj212 WHERE",
     "what is on a wire: stations, registers in every type and order, raw bytes",
     "调试：扫描站号、试读寄存器、监视原始字节"},
    {"access", ctl_access, "add NAME | remove NAME | list", "who may see the operator's pages of the console",
     "运行页面的访问权限"},
    {"recompute", ctl_recompute, "--samples FILE.csv | --from-journal", "figures again from raw samples",
     "由原始数据重算"},
    {"completion", ctl_completion, "bash | zsh | fish", "what a shell completes the commands by", "命令行补全脚本"},
    {"hj212", ctl_hj212, "decode [--strict] [--key HEX] < bytes | commands", "HJ 212 frames as JSON lines",
     "解析 HJ 212 报文"},
};

int ctl_keygen(struct ctl *ctl)
{
    struct error err;
    if (ctl->argc != 1)
        return ctl_fail(CTL_USAGE, "keygen [--sm2 | --curve] FILE");
    if (ctl->curve) {
        if (!curve_key_generate(ctl->argv[0], &err))
            return ctl_fail(CTL_FAILED, "%s", err.text);
        printf("%s: CURVE key pair, keep it; %s.pub: its public half\n", ctl->argv[0], ctl->argv[0]);
        return CTL_DONE;
    }
    if (!key_generate(ctl->argv[0], ctl->sm2, &err))
        return ctl_fail(CTL_FAILED, "%s", err.text);
    struct verifier *key = verifier_load(ctl->argv[0], &err);
    if (!key)
        return ctl_fail(CTL_FAILED, "%s", err.text);
    printf("%s: %s private key, keep it; %s.pub: give it to everyone who verifies (key id %s)\n", ctl->argv[0],
           ctl->sm2 ? "SM2" : "Ed25519", ctl->argv[0], verifier_id(key));
    verifier_free(key);
    return CTL_DONE;
}

static void help(FILE *out)
{
    fputs("usage: cemsctl [--config FILE | --connect ENDPOINT] [--journal FILE] [--json] COMMAND ...\n\n", out);
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        fprintf(out, "  %-10s %s\n             %s / %s\n", COMMANDS[i].name, COMMANDS[i].usage, COMMANDS[i].en,
                COMMANDS[i].zh);
    fputs("\n--config   configuration of the gateway: its endpoints, journal and key\n"
          "--connect  an endpoint that answers requests (feeds.replay or control), instead of a configuration\n"
          "--server-key, --client-key  CURVE: the gateway's public key, your own key pair (with --connect)\n"
          "--journal  a journal file, for alarms, records, verify\n"
          "exit: 0 done, 1 failure or not verified, 2 usage, 78 configuration\n",
          out);
}

enum {
    OPT_CONFIG = 256,
    OPT_CONNECT,
    OPT_JOURNAL,
    OPT_JSON,
    OPT_CSV,
    OPT_ACTIVE,
    OPT_OUTLET,
    OPT_FACTOR,
    OPT_PERIOD,
    OPT_FROM,
    OPT_TO,
    OPT_KEY,
    OPT_MESSAGES,
    OPT_SAMPLES,
    OPT_FROM_JOURNAL,
    OPT_SAVE,
    OPT_STREAM,
    OPT_COUNT,
    OPT_CURVE,
    OPT_SM2,
    OPT_STRICT,
    OPT_SERVER_KEY,
    OPT_CLIENT_KEY,
    OPT_BY,
    OPT_NOTE,
    OPT_PROOF,
    OPT_CHECKPOINT,
    OPT_OUT,
    OPT_VERIFY,
    OPT_STATIONS,
    OPT_STATION,
    OPT_TABLE,
    OPT_ADDRESS,
    OPT_TIMEOUT,
    OPT_EXPECT,
    OPT_HELP,
    OPT_VERSION
};

static const struct option OPTIONS[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"connect", required_argument, NULL, OPT_CONNECT},
    {"journal", required_argument, NULL, OPT_JOURNAL},
    {"json", no_argument, NULL, OPT_JSON},
    {"csv", no_argument, NULL, OPT_CSV},
    {"active", no_argument, NULL, OPT_ACTIVE},
    {"outlet", required_argument, NULL, OPT_OUTLET},
    {"factor", required_argument, NULL, OPT_FACTOR},
    {"period", required_argument, NULL, OPT_PERIOD},
    {"from", required_argument, NULL, OPT_FROM},
    {"to", required_argument, NULL, OPT_TO},
    {"key", required_argument, NULL, OPT_KEY},
    {"messages", required_argument, NULL, OPT_MESSAGES},
    {"samples", required_argument, NULL, OPT_SAMPLES},
    {"from-journal", no_argument, NULL, OPT_FROM_JOURNAL},
    {"save", required_argument, NULL, OPT_SAVE},
    {"stream", required_argument, NULL, OPT_STREAM},
    {"count", required_argument, NULL, OPT_COUNT},
    {"curve", no_argument, NULL, OPT_CURVE},
    {"sm2", no_argument, NULL, OPT_SM2},
    {"strict", no_argument, NULL, OPT_STRICT},
    {"server-key", required_argument, NULL, OPT_SERVER_KEY},
    {"client-key", required_argument, NULL, OPT_CLIENT_KEY},
    {"by", required_argument, NULL, OPT_BY},
    {"note", required_argument, NULL, OPT_NOTE},
    {"proof", required_argument, NULL, OPT_PROOF},
    {"checkpoint", required_argument, NULL, OPT_CHECKPOINT},
    {"out", required_argument, NULL, OPT_OUT},
    {"verify", no_argument, NULL, OPT_VERIFY},
    {"stations", required_argument, NULL, OPT_STATIONS},
    {"station", required_argument, NULL, OPT_STATION},
    {"table", required_argument, NULL, OPT_TABLE},
    {"address", required_argument, NULL, OPT_ADDRESS},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"expect", required_argument, NULL, OPT_EXPECT},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

/* ---- what a shell completes by ---- */

static void complete_bash(void)
{
    printf("_cemsctl() {\n    local cur=${COMP_WORDS[COMP_CWORD]} word\n    case $cur in\n    -*) COMPREPLY=($(compgen "
           "-W '");
    for (const struct option *o = OPTIONS; o->name; o++)
        printf("--%s ", o->name);
    printf("' -- \"$cur\")); return ;;\n    esac\n    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n        "
           "case $word in\n        ");
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        printf("%s%s", i ? "|" : "", COMMANDS[i].name);
    printf(
        ") return ;;\n        esac\n    done\n    case ${COMP_WORDS[COMP_CWORD-1]} in\n    --*) return ;;\n    esac\n"
        "    COMPREPLY=($(compgen -W '");
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        printf("%s ", COMMANDS[i].name);
    printf("' -- \"$cur\"))\n}\ncomplete -o default -F _cemsctl cemsctl\n");
}

static void complete_zsh(void)
{
    printf("#compdef cemsctl\n_cemsctl_commands() {\n    local -a commands=(\n");
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        printf("        \"%s:%s\"\n", COMMANDS[i].name, COMMANDS[i].en);
    printf("    )\n    _describe command commands\n}\n_arguments \\\n");
    for (const struct option *o = OPTIONS; o->name; o++)
        printf("    '*--%s%s' \\\n", o->name, o->has_arg ? "=:value:_files" : "");
    printf("    '1:command:_cemsctl_commands' '*::argument:_files'\n");
}

static void complete_fish(void)
{
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        printf("complete -c cemsctl -n __fish_use_subcommand -a %s -d \"%s\"\n", COMMANDS[i].name, COMMANDS[i].en);
    for (const struct option *o = OPTIONS; o->name; o++)
        printf("complete -c cemsctl -l %s%s\n", o->name, o->has_arg ? " -r" : "");
}

static int ctl_completion(struct ctl *ctl)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } SHELLS[] = {{"bash", complete_bash}, {"zsh", complete_zsh}, {"fish", complete_fish}};
    for (size_t i = 0; ctl->argc == 1 && i < sizeof SHELLS / sizeof SHELLS[0]; i++)
        if (strcmp(SHELLS[i].shell, ctl->argv[0]) == 0) {
            SHELLS[i].print();
            return CTL_DONE;
        }
    return ctl_fail(CTL_USAGE, "completion bash | zsh | fish");
}

/* -1: go on; else the exit code. */
static int take_option(struct ctl *ctl, int option)
{
    char *end = NULL;
    switch (option) {
    case OPT_CONFIG: ctl->config = optarg; break;
    case OPT_CONNECT: ctl->connect = optarg; break;
    case OPT_JOURNAL: ctl->journal = optarg; break;
    case OPT_JSON: ctl->json = true; break;
    case OPT_CSV: ctl->csv = true; break;
    case OPT_ACTIVE: ctl->active = true; break;
    case OPT_OUTLET: ctl->outlet = optarg; break;
    case OPT_FACTOR: ctl->factor = optarg; break;
    case OPT_PERIOD: ctl->period = optarg; break;
    case OPT_FROM: ctl->from = optarg; break;
    case OPT_TO: ctl->to = optarg; break;
    case OPT_KEY:
        if (ctl->key_count == sizeof ctl->keys / sizeof ctl->keys[0])
            return ctl_fail(CTL_USAGE, "--key is given too often");
        ctl->key = ctl->keys[ctl->key_count++] = optarg;
        break;
    case OPT_MESSAGES: ctl->messages = optarg; break;
    case OPT_SAMPLES: ctl->samples = optarg; break;
    case OPT_FROM_JOURNAL: ctl->from_journal = true; break;
    case OPT_SAVE: ctl->save = optarg; break;
    case OPT_STREAM: ctl->stream = optarg; break;
    case OPT_COUNT:
        ctl->count = strtol(optarg, &end, 10);
        if (*end != '\0' || ctl->count < 1)
            return ctl_fail(CTL_USAGE, "--count %s is not a number above 0", optarg);
        break;
    case OPT_STRICT: ctl->strict = true; break;
    case OPT_CURVE: ctl->curve = true; break;
    case OPT_SM2: ctl->sm2 = true; break;
    case OPT_SERVER_KEY: ctl->server_key = optarg; break;
    case OPT_CLIENT_KEY: ctl->client_key = optarg; break;
    case OPT_BY: ctl->by = optarg; break;
    case OPT_NOTE: ctl->note = optarg; break;
    case OPT_PROOF: ctl->proof = optarg; break;
    case OPT_CHECKPOINT: ctl->checkpoint = optarg; break;
    case OPT_OUT: ctl->out = optarg; break;
    case OPT_STATIONS: ctl->stations = optarg; break;
    case OPT_STATION: ctl->station = optarg; break;
    case OPT_TABLE: ctl->table = optarg; break;
    case OPT_ADDRESS: ctl->address = optarg; break;
    case OPT_TIMEOUT: ctl->timeout = optarg; break;
    case OPT_EXPECT: ctl->expect = optarg; break;
    case OPT_VERIFY: ctl->verify = true; break;
    case OPT_HELP: help(stdout); return CTL_DONE;
    case OPT_VERSION: printf("cemsctl %s\n", CEMSD_VERSION); return CTL_DONE;
    default: help(stderr); return CTL_USAGE;
    }
    return -1;
}

static int run(struct ctl *ctl, const char *name)
{
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        if (strcmp(COMMANDS[i].name, name) == 0)
            return COMMANDS[i].run(ctl);
    help(stderr);
    return ctl_fail(CTL_USAGE, "there is no command %s", name);
}

int main(int argc, char **argv)
{
    struct ctl ctl = {0};
    setlocale(LC_CTYPE, "C.UTF-8");
    for (int option; (option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        int code = take_option(&ctl, option);
        if (code >= 0)
            return code;
    }
    if (optind == argc) {
        help(stderr);
        return CTL_USAGE;
    }
    factor_count();
    ctl.argc = argc - optind - 1;
    ctl.argv = argv + optind + 1;
    int code = run(&ctl, argv[optind]);
    plant_free(ctl.plant);
    if (fflush(stdout) != 0)
        code = CTL_FAILED;
    return code;
}
