// A trend of one factor: means of the journal against their limit, drawn by uPlot.
import { language, named, speak, word } from "./words.js";
import { ask, connection, figure, node, place } from "./show.js";

const SPANS = ["1h", "24h", "30d"], HEIGHT = 420;
const choice = new URLSearchParams(location.search);
let channels = [], plot = null;

const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Periods with a mark, or without a value, as bands behind the line.
const shade = (data, step) => (u) => {
    u.ctx.save();
    u.ctx.fillStyle = ink("--track");
    data.time.forEach((t, i) => {
        if (data.mark[i] === "N" && data.value[i] !== null)
            return;
        const left = u.valToPos(t, "x", true), right = u.valToPos(t + step, "x", true);
        u.ctx.fillRect(Math.max(left, u.bbox.left), u.bbox.top, Math.max(1, Math.min(right, u.bbox.left + u.bbox.width) - Math.max(left, u.bbox.left)), u.bbox.height);
    });
    u.ctx.restore();
};

// The plant's own clock, 24 hours; days where they begin.
const stamp = (t) => new Date((t + 8 * 3600) * 1000).toISOString();
const tick = (t) => (stamp(t).slice(11, 16) === "00:00" ? stamp(t).slice(5, 10) : stamp(t).slice(11, 16));

const draw = (data, channel) => {
    const over = data.value.map((v, i) => (data.exceeds[i] ? v : null)), step = data.period === "hour" ? 3600 : 60;
    const axis = { stroke: ink("--ink"), grid: { stroke: ink("--line"), width: 1 }, ticks: { stroke: ink("--line") } };
    const label = `${named(channel)} ${channel.unit}`;
    plot?.destroy();
    plot = new uPlot({
        width: place("plot").clientWidth, height: HEIGHT, tzDate: (t) => uPlot.tzDate(new Date(t * 1000), "Asia/Shanghai"),
        scales: { x: { time: true, range: () => [Date.parse(data.from) / 1000, Date.parse(data.to) / 1000] }, y: { range: (u, low, high) => uPlot.rangeNum(Math.min(0, low ?? 0), high ?? 1, 0.1, true) } },
        axes: [{ ...axis, values: (u, splits) => splits.map(tick) }, { ...axis, size: 64 }],
        series: [{ label: word("time"), value: (u, t) => (typeof t === "number" ? stamp(t).slice(5, 16).replace("T", " ") : "—") }, { label, stroke: ink("--link"), width: 2, points: { show: false }, value: (u, v) => figure(v, channel.decimals) },
                 { label: word("limit"), stroke: ink("--bad"), width: 2, dash: [8, 6], points: { show: false } },
                 { label: word("exceeds"), stroke: ink("--bad"), fill: ink("--bad"), paths: () => null, points: { show: true, size: 9, fill: ink("--bad") } }],
        hooks: { drawClear: [shade(data, step)] },
    }, [data.time, data.value, data.limit, over], place("plot"));
    place("plot").setAttribute("aria-label", `${label}, ${word(`span_${place("span").value}`)}`);
};

const summarise = (data, channel) => {
    const good = data.value.filter((v, i) => v !== null && data.mark[i] === "N"), shown = (v) => (good.length > 0 ? `${figure(v, channel.decimals)} ${channel.unit}` : "—");
    const pairs = [["points", data.value.length], ["marked", data.value.length - good.length], ["lowest", shown(Math.min(...good))], ["highest", shown(Math.max(...good))],
                   ["average", shown(good.reduce((a, b) => a + b, 0) / good.length)], ["exceeds", data.exceeds.filter(Boolean).length]];
    place("summary").replaceChildren(...pairs.flatMap(([key, value]) => [node("dt", {}, word(key)), node("dd", {}, String(value))]),
                                     ...(data.value.length === 0 ? [node("dt", {}, ""), node("dd", {}, word("nothing"))] : []));
};

const show = async () => {
    const [outlet, factor] = place("channel").value.split(" "), span = place("span").value;
    const channel = channels.find((c) => c.outlet === outlet && c.factor === factor);
    if (!channel)
        return;
    history.replaceState(null, "", `?lang=${language}&outlet=${encodeURIComponent(outlet)}&factor=${factor}&span=${span}`);
    try {
        const data = await ask(`/api/v1/trend?outlet=${encodeURIComponent(outlet)}&factor=${factor}&span=${span}`);
        draw(data, channel);
        summarise(data, channel);
        connection(true);
    } catch (error) {
        connection(false);
    }
};

speak();
const outlets = await ask("/api/v1/outlets");
channels = outlets.flatMap((o) => o.channels.map((c) => ({ ...c, outlet: o.id, title: o.name })));
place("channel").append(...channels.map((c) => node("option", { value: `${c.outlet} ${c.factor}`, selected: c.outlet === choice.get("outlet") && c.factor === choice.get("factor") ? "" : null },
                                                    `${c.outlet} ${c.title} · ${named(c)}`)));
place("span").append(...SPANS.map((s) => node("option", { value: s, selected: s === (choice.get("span") || "24h") ? "" : null }, word(`span_${s}`))));
place("choice").addEventListener("change", show);
addEventListener("resize", () => plot?.setSize({ width: place("plot").clientWidth, height: HEIGHT }));
await show();
setInterval(show, 60000);
