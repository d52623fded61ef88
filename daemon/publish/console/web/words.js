// Words of the pages, Chinese and English. <... data-word="key"> is filled; what scripts write asks word(key).

const WORDS = {
    title_console: ["排放监测网关", "Emission-monitoring gateway"],
    title_public: ["自动监测数据公开", "Automatic monitoring data, disclosed"],
    skip: ["跳到正文", "Skip to content"],
    language: ["English", "中文"],
    alarms: ["当前报警", "Active alarms"],
    no_alarms: ["当前没有报警", "No alarm is active"],
    history: ["最近的报警", "Recent alarms"],
    outlets: ["排放口", "Outlets"],
    lines: ["采集线路", "Lines"],
    uplinks: ["上传平台", "Uplinks"],
    feeds: ["数据发布", "Feeds"],
    journal: ["数据日志", "Journal"],
    gateway: ["网关", "Gateway"],
    factor: ["监测因子", "Factor"],
    now: ["实时值", "Now"],
    converted: ["折算值", "Converted"],
    unit: ["单位", "Unit"],
    mark: ["标记", "Mark"],
    mean_so_far: ["本时段均值", "Mean so far"],
    limit: ["限值", "Limit"],
    share: ["占限值", "Share of limit"],
    closes_with: ["预计均值", "Closes with"],
    stay_under: ["余下须低于", "Rest must stay under"],
    time: ["时间", "Time"],
    state: ["状态", "State"],
    severity: ["级别", "Severity"],
    text: ["内容", "What"],
    name: ["名称", "Name"],
    last_answer: ["最近应答", "Last answer"],
    answers: ["正常应答", "Good answers"],
    errors: ["异常应答", "Bad answers"],
    last_error: ["最近错误", "Last error"],
    latency: ["应答时间", "Latency"],
    station: ["站号", "station"],
    rests: ["暂停查询", "left alone for"],
    older: ["更早的报警", "Older alarms"],
    backlog: ["待传记录", "Backlog"],
    last_ack: ["最近确认", "Last acknowledged"],
    seq: ["最新序号", "Last seq"],
    replay: ["重传", "replay"],
    size: ["大小", "Size"],
    durable: ["已落盘至", "Durable up to"],
    verified_to: ["链已校验至", "Chain verified up to"],
    checkpoint: ["最近校验点", "Last checkpoint"],
    clock: ["网关时钟", "Clock"],
    clock_ahead: ["比本屏时钟快", "Ahead of this screen's clock"],
    reloads: ["重载 / 被拒", "Reloads / refused"],
    subscriptions: ["订阅数", "Subscriptions"],
    published: ["已发布", "Published"],
    none: ["无", "none"],
    version: ["版本", "Version"],
    started: ["启动于", "Started"],
    configuration: ["配置文件摘要", "Configuration (SHA-256)"],
    commits: ["提交次数", "Commits"],
    last_commit: ["最近提交", "Last commit"],
    waiting: ["待写字节", "Bytes waiting"],
    file: ["文件", "File"],
    turned_away: ["拒绝的连接", "Turned away"],
    live: ["实时", "live"],
    offline: ["连接中断，正在重连", "connection lost, trying again"],
    raised: ["发生", "raised"],
    updated: ["持续", "updated"],
    acknowledged: ["已确认", "acknowledged"],
    cleared: ["解除", "cleared"],
    info: ["提示", "info"],
    warning: ["预警", "warning"],
    major: ["重要", "major"],
    critical: ["严重", "critical"],
    public_why: ["本单位对所公开自动监测数据的真实性负责。数据由网关自动采集、计算、签名，公开后不撤回；更正另行公布。",
                 "The discharger answers for the truth of these data. They are measured, computed and signed by the gateway; nothing published is withdrawn, corrections are published beside it."],
    today: ["今日数据", "Today"],
    hour: ["时段", "Period"],
    exceeds: ["超标", "exceeds"],
    within: ["达标", "within"],
    no_value: ["无有效数据", "no valid data"],
    exceedances: ["今日超标时段", "Exceedances today"],
    no_exceedance: ["今日无超标时段", "No exceedance today"],
    download: ["下载今日数据（CSV）", "Download today's data (CSV)"],
    verify: ["如何核验", "How to verify"],
    verify_text: ["每条公开数据带有签名和连续编号。凭网关公钥，可用 cemsctl verify --messages 核验一份数据完整、未被改动。",
                  "Every published message is signed and numbered without gaps. With the gateway's public key, cemsctl verify --messages tells whether a copy is complete and unaltered."],
    corrected: ["已更正", "corrected"],
    print: ["打印日报", "Print the day"],
    code: ["统一社会信用代码", "Credit code"],
    title_trend: ["趋势", "Trend"],
    console_link: ["运行页面", "Operator's page"],
    what: ["排放口与因子", "Outlet and factor"],
    span: ["时间范围", "Span"],
    span_1h: ["1 小时", "1 hour"], span_24h: ["24 小时", "24 hours"], span_30d: ["30 天", "30 days"],
    points: ["数据点", "Points"], lowest: ["最小值", "Lowest"], highest: ["最大值", "Highest"], average: ["平均值", "Average"],
    marked: ["有标记或无效", "Marked or not valid"],
    nothing: ["该时间范围内没有数据", "There are no data in this span"],
    trend_text: ["折线为各时段均值，横线为限值，底纹为有标记或无效的时段，圆点为超标时段。", "The line is the mean of each period, the level line the limit, shaded are periods with a mark or without a valid value, dots are exceedances."],
    real_time: ["实时", "now"],
    so_far: ["至今", "so far"],
    none_yet: ["今日尚无结束的时段", "No period has closed yet today"],
    none_judged: ["该排放口没有设限值的因子", "This outlet has no factor with a limit"],
    title_report: ["日报", "Report of the day"],
    title_alarm: ["报警", "Alarm"],
    day: ["日期", "Day"],
    outlet: ["排放口", "Outlet"],
    life: ["经过", "Its life"],
    evidence: ["证据", "Evidence"],
    by: ["确认人", "By"],
    note: ["备注", "Note"],
    hash: ["链值", "hash"],
    standard: ["依据", "Standard"],
    value: ["数值", "Value"],
    kind: ["类型", "Kind"],
    period_word: ["时段", "Period"],
    multiple: ["超标倍数", "Exceeds by"],
    evidence_text: ["下列各步均已签名发布并链入日志。用公钥可核验：cemsctl verify --messages；证明其属于某日校验点：cemsctl prove --stream alarm --from 序号。",
                    "Each step below was published, signed and chained. With the public key: cemsctl verify --messages; that it is of a day's checkpoint: cemsctl prove --stream alarm --from SEQ."],
    incomplete: ["更早的步骤不在此列：请用 cemsctl export --stream alarm", "Earlier steps are not listed here: cemsctl export --stream alarm has them"],
    no_alarm: ["没有这条报警", "There is no such alarm"],
    to_trend: ["趋势", "Trend"],
    to_records: ["期间数据（CSV）", "Records of that time (CSV)"],
    mean_of_day: ["日均值", "Mean of the day"], least: ["最小值", "Lowest"], most: ["最大值", "Highest"], amount: ["排放量", "Amount"],
    hours_valid: ["有效时段", "Valid periods"],
    measured: ["实测", "measured"], conv: ["折算", "converted"],
    report_foot: ["标记：N 正常，F 停运，M 维护，S 手工，D 故障，C 校准，T 超上限，B 通讯异常（HJ 212）。", "Marks: N normal, F stopped, M maintenance, S set by hand, D fault, C calibration, T above the range, B no communication (HJ 212)."],
    signed_by: ["填报人", "Reported by"], checked_by: ["审核人", "Checked by"], date: ["日期", "Date"],
    previous_day: ["前一日", "Day before"], next_day: ["后一日", "Day after"],
    condition: { running: ["运行", "running"], "start-up": ["启动", "start-up"], "shut-down": ["停机过程", "shut-down"], stopped: ["停运", "stopped"], failure: ["故障", "failure"], maintenance: ["检修", "maintenance"] },
    line: { connected: ["已连接", "connected"], connecting: ["连接中", "connecting"], waiting: ["等待重连", "waiting"], starting: ["启动中", "starting"],
            up: ["已连接", "up"], down: ["断开", "down"], resolving: ["解析中", "resolving"] },
    kinds: { exceed: ["超标", "limit exceeded"], instantaneous: ["瞬时超标", "instantaneous value"], warning: ["接近限值", "near the limit"], projected: ["预计超标", "limit forecast to be exceeded"],
             "day-projected": ["日均预计超标", "day forecast to exceed"], missing: ["数据缺失", "data missing"], instrument: ["仪器状态", "instrument"], suspect: ["数据可疑", "suspect data"],
             total: ["总量", "total amount"], uplink: ["上传平台", "uplink"], store: ["数据日志", "journal"], clock: ["时钟", "clock"], config: ["配置", "configuration"] },
    stream: { alarm: ["报警", "alarm"], disclosure: ["公开", "disclosure"], sample: ["样本", "sample"], event: ["事件", "event"] },
    reason: {
        "no-valid-data": ["无有效数据", "no valid data"], "too-few-valid": ["有效数据不足", "too few valid values"],
        "marked": ["仪器非正常状态", "instrument not in normal operation"], "oxygen-invalid": ["含氧量无效", "oxygen not valid"],
        "oxygen-too-high": ["含氧量过高", "oxygen too high to convert"], "moisture-invalid": ["湿度无效", "moisture not valid"],
        "temperature-invalid": ["温度无效", "temperature not valid"], "pressure-invalid": ["压力无效", "pressure not valid"],
        "input-invalid": ["计算所需数据无效", "an input is not valid"], "impossible": ["数值不可能", "impossible value"],
        "no-flow": ["无流量", "no flow"], "not-running": ["未运行", "not running"], "limit-unknown": ["限值未知", "limit unknown"],
    },
    period: {
        realtime: ["实时", "real time"], month: ["月", "month"], quarter: ["季", "quarter"], year: ["年", "year"],
        minute: ["分钟", "minute"], "5min": ["5分钟", "5 minutes"], hour: ["小时", "hour"], "2hour": ["2小时", "2 hours"], day: ["日", "day"],
    },
};

const asked = new URLSearchParams(location.search).get("lang");
export const language = asked === "en" || asked === "zh" ? asked : (navigator.language || "zh").startsWith("zh") ? "zh" : "en";
const index = language === "zh" ? 0 : 1;

export const word = (key, of) => {
    const pair = of ? WORDS[of][key] : WORDS[key];
    return pair ? pair[index] : key;
};

// What a channel is called.
export const named = (channel) => (language === "zh" || !channel.name_en ? channel.name : channel.name_en);

// Fills the page, and points its links (and that of the other language) the right way.
export const speak = () => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    for (const node of document.querySelectorAll("[data-word]"))
        node.textContent = word(node.dataset.word);
    document.title = word(document.body.dataset.title);
    const other = document.getElementById("language");
    if (other) {
        const there = new URLSearchParams(location.search);
        there.set("lang", language === "zh" ? "en" : "zh");
        other.href = `?${there}`;
        other.lang = language === "zh" ? "en" : "zh-CN";
    }
    for (const link of document.querySelectorAll("a[data-keep]"))
        link.href = `${link.getAttribute("href")}?lang=${language}`;
};
