// The operator's page: what is measured now, where the hour is going, what is wrong, and the state of the gateway.
import { language, named, speak, word } from "./words.js";
import { ask, connection, figure, instant, listen, meter, node, place, row, table, tellTime } from "./show.js";

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
    return table(`${outlet.id} ${outlet.name}`, ["factor", "now", "converted", "unit", "mark", "mean_so_far", "limit", "share", "closes_with", "stay_under"].map((k) => word(k)),
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

const drawAlarms = (alarms) => {
    const items = alarms.map((alarm) => node("li", { class: alarm.severity },
        node("strong", {}, `${word(alarm.severity)} · ${word(alarm.state)}`), ` ${instant(alarm.raised)} ${alarmText(alarm)}`));
    place("alarms").replaceChildren(items.length > 0 ? node("ul", { class: "alarms" }, ...items) : node("p", { class: "good" }, word("no_alarms")));
};

const drawHistory = (alarms) => {
    const rows = [...alarms].reverse().map((a) => row(instant(a.raised), word(a.state), instant(a.time), word(a.severity), alarmText(a)));
    place("history").replaceChildren(table(word("history"), ["raised", "state", "time", "severity", "text"].map((k) => word(k)), rows, true));
};

const bad = (results) => Object.entries(results || {}).filter(([name]) => name !== "ok").reduce((sum, [, count]) => sum + count, 0);

const drawLines = (lines) => {
    const rows = lines.map((l) => row(l.name, l.state, instant(l.last_answer), l.results ? String(l.results.ok) : "—",
                                      l.results ? String(bad(l.results)) : "—", l.last_error || word("none")));
    place("lines").replaceChildren(table(word("lines"), ["name", "state", "last_answer", "answers", "errors", "last_error"].map((k) => word(k)), rows, true));
};

const drawUplinks = (uplinks) => {
    const rows = (uplinks || []).map((u) => row(u.name, u.state || "—", String(u.backlog ?? "—"), u.last_error || word("none")));
    place("uplinks").replaceChildren(rows.length > 0 ? table(word("uplinks"), ["name", "state", "backlog", "last_error"].map((k) => word(k)), rows, true)
                                                     : node("p", {}, word("none")));
};

const drawGateway = (s) => {
    const pairs = [["version", s.version], ["started", instant(s.started)], ["configuration", `${s.config.file} ${s.config.sha256.slice(0, 16)}…`],
                   ["file", s.journal.path], ["commits", s.journal.commits], ["last_commit", instant(s.journal.last_commit)],
                   ["waiting", s.journal.waiting_bytes], ["last_error", s.journal.error || word("none")],
                   ["published", `alarm ${s.feeds.alarm.published}, disclosure ${s.feeds.disclosure.published}`],
                   ["subscriptions", `alarm ${s.feeds.alarm.subscriptions}, disclosure ${s.feeds.disclosure.subscriptions}`],
                   ["turned_away", s.feeds.curve.turned_away]];
    place("gateway").replaceChildren(...pairs.flatMap(([key, value]) => [node("dt", {}, word(key)), node("dd", {}, String(value))]));
};

const refreshAlarms = async () => {
    drawAlarms(await ask("/api/v1/alarms"));
    drawHistory(await ask("/api/v1/alarms?active=false&limit=30"));
};

const refresh = async () => {
    const status = await ask("/api/v1/status");
    place("site").textContent = status.site;
    place("mn").textContent = status.mn;
    drawLines(status.lines);
    drawUplinks(status.uplinks);
    drawGateway(status);
    return status;
};

speak();
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
