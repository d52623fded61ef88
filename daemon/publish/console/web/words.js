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
    backlog: ["待传记录", "Backlog"],
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
    reason: {
        "no-valid-data": ["无有效数据", "no valid data"], "too-few-valid": ["有效数据不足", "too few valid values"],
        "marked": ["仪器非正常状态", "instrument not in normal operation"], "oxygen-invalid": ["含氧量无效", "oxygen not valid"],
        "oxygen-too-high": ["含氧量过高", "oxygen too high to convert"], "moisture-invalid": ["湿度无效", "moisture not valid"],
        "temperature-invalid": ["温度无效", "temperature not valid"], "pressure-invalid": ["压力无效", "pressure not valid"],
        "input-invalid": ["计算所需数据无效", "an input is not valid"], "impossible": ["数值不可能", "impossible value"],
        "no-flow": ["无流量", "no flow"], "not-running": ["未运行", "not running"], "limit-unknown": ["限值未知", "limit unknown"],
    },
    period: {
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
