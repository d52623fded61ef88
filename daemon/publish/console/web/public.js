// The public's page: what the law has the discharger publish today, period by period, and what exceeded.
import { named, speak, word } from "./words.js";
import { ask, clock, connection, figure, listen, node, place, row, table, tellTime } from "./show.js";

let outlets = [], now = ""; // now: the gateway's, whatever clock the reader has

const judged = (record) => (record.converted ?? record.value);
const periodOf = (outlet) => (outlet.medium === "water" ? "2hour" : "hour");

// The newest telling of each figure: a correction stands beside what it corrects in the stream, and here in its place.
const newest = (records) => {
    const last = new Map();
    for (const record of records) {
        const key = `${record.factor} ${record.from}`, before = last.get(key);
        if (!before || record.revision >= before.revision)
            last.set(key, record);
    }
    return last;
};

const cell = (record, channel) => {
    if (!record)
        return node("td", {}, "");
    const value = judged(record);
    if (value === null)
        return node("td", { class: "none" }, record.reason ? word(record.reason, "reason") : word("no_value"));
    const text = figure(value, channel.decimals) + (record.revision > 0 ? ` (${word("corrected")})` : "");
    return record.exceeds ? node("td", { class: "bad" }, `${text} ${word("exceeds")}`) : node("td", {}, text);
};

const liveCells = new Map(); // "outlet/factor" → [now, so far]

const drawOutlet = (outlet, records) => {
    const limitOf = (c) => c.progress?.limit ?? records.filter((r) => r.factor === c.factor && r.limit !== null).at(-1)?.limit;
    const channels = outlet.channels.filter((c) => limitOf(c) !== undefined), title = `${outlet.id} ${outlet.name}`;
    if (channels.length === 0)
        return node("div", {}, node("h3", {}, title), node("p", {}, word("none_judged")));
    const last = newest(records), froms = [...new Set(records.map((r) => r.from))].sort().reverse();
    const heads = [word("hour"), ...channels.map((c) => `${named(c)} ${c.unit} (${word("limit")} ${limitOf(c)})`)];
    const now = channels.map((c) => {
        const cells = [node("td", {}, figure(c.converted ?? c.value, c.decimals)), node("td", {}, figure(c.progress?.mean, c.decimals))];
        liveCells.set(`${outlet.id}/${c.factor}`, { cells, decimals: c.decimals });
        return cells;
    });
    const rows = [row(word("real_time"), ...now.map(([value]) => value)), row(word("so_far"), ...now.map(([, mean]) => mean)), ...froms.map((from) => {
        const to = [...last.values()].find((r) => r.from === from).to;
        return row(`${clock(from)}–${clock(to)}`, ...channels.map((c) => cell(last.get(`${c.factor} ${from}`), c)));
    })];
    return node("div", {}, table(title, heads, rows), froms.length === 0 ? node("p", {}, word("none_yet")) : null);
};

const drawExceedances = (all) => {
    const found = all.flatMap(({ outlet, records }) => [...newest(records).values()].filter((r) => r.exceeds).map((r) => {
        const channel = outlet.channels.find((c) => c.factor === r.factor);
        return node("li", {}, `${clock(r.from)}–${clock(r.to)} ${outlet.id} ${channel ? named(channel) : r.factor} ` +
                              `${figure(judged(r), channel ? channel.decimals : 2)} ${channel ? channel.unit : ""} > ${r.limit}`);
    }));
    place("exceedances").replaceChildren(found.length > 0 ? node("ul", { class: "alarms" }, ...found) : node("p", { class: "good" }, word("no_exceedance")));
};

const refresh = async () => {
    const day = now.slice(0, 10);
    outlets = await ask("/api/v1/outlets");
    const all = await Promise.all(outlets.map(async (outlet) => ({
        outlet, records: await ask(`/api/v1/records?outlet=${encodeURIComponent(outlet.id)}&period=${periodOf(outlet)}&from=${day}&limit=10000`) })));
    place("outlets").replaceChildren(...all.map(({ outlet, records }) => drawOutlet(outlet, records)));
    drawExceedances(all);
    place("download").href = `/api/v1/records?period=${outlets.length > 0 ? periodOf(outlets[0]) : "hour"}&from=${day}&limit=10000&format=csv`;
};

speak();
place("print").addEventListener("click", () => print());
try {
    const site = await ask("/api/v1/site");
    now = site.time;
    place("site").textContent = site.name;
    place("code").textContent = `${word("code")} ${site.code}`;
    place("mn").textContent = `MN ${site.mn}`;
    await refresh();
} catch (error) {
    connection(false);
}
listen({
    live: ({ time, channels }) => {
        now = time;
        tellTime(time);
        for (const [outlet, factor, value, converted, , mean] of channels) {
            const to = liveCells.get(`${outlet}/${factor}`);
            to?.cells[0].replaceChildren(figure(converted ?? value, to.decimals));
            to?.cells[1].replaceChildren(figure(mean, to.decimals));
        }
    },
    closed: (body) => (body.period === "hour" || body.period === "2hour") && refresh().catch(() => connection(false)),
    found: () => connection(true),
    lost: () => connection(false),
});
