// The operator's page: what is measured now, where the hour is going, what is wrong, and the state of the gateway.
import { language, named, speak, word } from "./words.js";
import { ask, bytes, connection, describe, figure, instant, listen, meter, node, place, row, table, tellTime } from "./show.js";

const cells = new Map(); // "outlet/factor" → the cells that live values go into
const decimals = new Map();

const fill = (key, value, converted, mark, mean, limit, projected, under) => {
    const to = cells.get(key), digits = decimals.get(key);
    if (!to)
        return;
    to.value.textContent = figure(value, digits);
    to.converted.textContent = figure(converted, digits);
    to.mark.textContent = mark;
    to.mean.textContent = figure(mean, digits);
    to.limit.textContent = figure(limit, digits);
    to.share.replaceChildren(meter(typeof mean === "number" && typeof limit === "number" ? mean / limit : null, `${to.name}: ${word("share")}`));
    to.projected.textContent = figure(projected, digits);
    to.projected.className = typeof projected === "number" && projected > limit ? "bad" : "";
    to.under.textContent = figure(under, digits);
};

const drawOutlet = (outlet) => {
    const rows = outlet.channels.map((channel) => {
        const key = `${outlet.id}/${channel.factor}`, of = { name: named(channel) };
        for (const cell of ["value", "converted", "mark", "mean", "limit", "share", "projected", "under"])
            of[cell] = node("td", {});
        cells.set(key, of);
        decimals.set(key, channel.decimals);
        const trend = node("a", { href: `/trend?lang=${language}&outlet=${encodeURIComponent(outlet.id)}&factor=${channel.factor}` }, named(channel));
        return row(node("span", {}, trend, ` ${channel.factor}`), of.value, of.converted, node("td", {}, channel.unit), of.mark, of.mean, of.limit, of.share,
                   of.projected, of.under);
    });
    const condition = outlet.condition ? ` · ${word(outlet.condition, "condition")}` : "";
    return table(`${outlet.id} ${outlet.name}${condition}`, ["factor", "now", "converted", "unit", "mark", "mean_so_far", "limit", "share", "closes_with", "stay_under"].map((k) => word(k)),
                 rows);
};

const drawOutlets = (outlets) => {
    place("outlets").replaceChildren(...outlets.map(drawOutlet));
    for (const outlet of outlets)
        for (const c of outlet.channels) {
            const p = c.progress || {};
            fill(`${outlet.id}/${c.factor}`, c.value, c.converted, c.mark, p.mean, p.limit, p.projected, p.stay_under);
        }
};

const alarmText = (alarm) => (language === "zh" ? alarm.text : alarm.text_en) || alarm.text || alarm.id;

const lifeOf = (alarm, text) => node("a", { href: `/alarm?lang=${language}&id=${encodeURIComponent(alarm.id)}` }, text);

const drawAlarms = (alarms) => {
    const items = alarms.map((alarm) => node("li", { class: alarm.severity },
        node("strong", {}, `${word(alarm.severity)} · ${word(alarm.state)}`), ` ${instant(alarm.raised)} `, lifeOf(alarm, alarmText(alarm))));
    place("alarms").replaceChildren(items.length > 0 ? node("ul", { class: "alarms" }, ...items) : node("p", { class: "good" }, word("no_alarms")));
};

let known = []; // the history drawn so far, the newest first

const drawHistory = () => {
    const rows = known.map((a) => row(instant(a.raised), word(a.state), instant(a.time), word(a.severity), node("td", {}, lifeOf(a, alarmText(a)))));
    place("history").replaceChildren(table(word("history"), ["raised", "state", "time", "severity", "text"].map((k) => word(k)), rows, true));
};

const bad = (results) => Object.entries(results || {}).filter(([name]) => name !== "ok").reduce((sum, [, count]) => sum + count, 0);

// A line, and below it each analyzer on it.
const drawLines = (lines) => {
    const heads = ["name", "state", "last_answer", "answers", "errors", "latency", "last_error"].map((k) => word(k));
    const rows = lines.flatMap((l) => [
        row(l.name, word(l.state, "line"), instant(l.last_answer), l.results ? String(l.results.ok) : "—", l.results ? String(bad(l.results)) : "—", "", l.last_error || word("none")),
        ...(l.stations || []).map((s) => row(node("span", { class: "part" }, `${word("station")} ${s.station}`), s.rests_s > 0 ? `${word("rests")} ${s.rests_s.toFixed(0)} s` : "", instant(s.last_answer),
                                             String(s.answers), String(s.failures), s.latency_ms === null ? "—" : `${s.latency_ms.toFixed(1)} ms`, s.last_error || word("none")))]);
    place("lines").replaceChildren(table(word("lines"), heads, rows, true));
};

const drawUplinks = (uplinks) => {
    const rows = (uplinks || []).map((u) => row(u.name, word(u.state, "line"), String(Math.max(0, u.durable - u.told_upto)), instant(u.last_ack), u.last_error || word("none")));
    place("uplinks").replaceChildren(rows.length > 0 ? table(word("uplinks"), ["name", "state", "backlog", "last_ack", "last_error"].map((k) => word(k)), rows, true)
                                                     : node("p", {}, word("none")));
};

const drawFeeds = ({ feeds, journal }) => {
    const rows = ["alarm", "disclosure"].map((name) => row(`${word(name, "stream")} ${feeds[name].bind}`, String(feeds[name].subscriptions), String(journal.durable[name]), String(feeds[name].published)));
    rows.push(row(`${word("replay")} ${feeds.replay.bind}`, "", "", String(feeds.replay.requests)));
    place("feeds").replaceChildren(table(word("feeds"), ["name", "subscriptions", "seq", "published"].map((k) => word(k)), rows, true));
};

const drawJournal = (j) => {
    const upto = (of) => ["alarm", "disclosure", "sample", "event"].map((name) => `${word(name, "stream")} ${of[name]}`).join(", ");
    describe("journal", [["file", j.path], ["size", bytes(j.bytes)], ["last_commit", instant(j.last_commit)], ["durable", upto(j.durable)],
                         ["verified_to", j.fault ? node("strong", { class: "bad" }, j.fault) : upto(j.verified)], ["checkpoint", instant(j.checkpoint)],
                         ["waiting", bytes(j.waiting_bytes)], ["last_error", j.error || word("none")]]);
};

const drawGateway = (s) => {
    const ahead = (Date.parse(s.time) - Date.now()) / 1000;
    describe("gateway", [["version", s.version], ["started", instant(s.started)], ["clock", `${s.time.slice(0, 19).replace("T", " ")} +08:00`],
                         ["clock_ahead", `${ahead > 0 ? "+" : ""}${ahead.toFixed(1)} s`], ["configuration", `${s.config.file} ${s.config.sha256.slice(0, 16)}…`],
                         ["reloads", `${s.config.reloads} / ${s.config.refused}`], ["turned_away", s.feeds.curve.turned_away]]);
};

const HISTORY_ROWS = 30;

const refreshAlarms = async () => {
    drawAlarms(await ask("/api/v1/alarms"));
    known = await ask(`/api/v1/alarms?active=false&limit=${Math.max(HISTORY_ROWS, known.length)}`);
    drawHistory();
};

const showOlder = async () => {
    const older = await ask(`/api/v1/alarms?active=false&limit=${HISTORY_ROWS}&skip=${known.length}`);
    known.push(...older);
    place("older").hidden = older.length < HISTORY_ROWS;
    drawHistory();
};

const refresh = async () => {
    const status = await ask("/api/v1/status");
    place("site").textContent = status.site;
    place("mn").textContent = status.mn;
    drawLines(status.lines);
    drawUplinks(status.uplinks);
    drawFeeds(status);
    drawJournal(status.journal);
    drawGateway(status);
    return status;
};

speak();
place("older").addEventListener("click", () => showOlder().catch(() => connection(false)));
try {
    drawOutlets((await refresh()).outlets);
    await refreshAlarms();
} catch (error) {
    connection(false);
}
listen({
    live: ({ time, channels }) => {
        tellTime(time);
        for (const [outlet, factor, ...rest] of channels)
            fill(`${outlet}/${factor}`, ...rest);
    },
    alarm: refreshAlarms,
    found: () => connection(true),
    lost: () => connection(false),
});
setInterval(() => refresh().catch(() => connection(false)), 5000);
