// The report of a day, to be read or printed: each period of an outlet with what was measured, converted and emitted, and
// below them the figures of the day (HJ 75-2017, annex D; sewage: two hours, HJ 356-2019).
import { language, named, speak, word } from "./words.js";
import { ask, clock, figure, node, place, row, table } from "./show.js";

const DAY_MS = 86400000;
const chosen = new URLSearchParams(location.search);
let outlets = [];

const dayAfter = (day, days) => new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
const asked = (outlet, period, day) =>
    ask(`/api/v1/records?outlet=${encodeURIComponent(outlet.id)}&period=${period}&from=${day}&to=${dayAfter(day, 1)}&limit=10000`);

// The columns of a channel: what its records have.
const columnsOf = (channel, records) => {
    const mine = records.filter((r) => r.factor === channel.factor), has = (key) => mine.some((r) => r[key] !== null);
    return [{ key: "value", name: "measured", unit: channel.unit, digits: channel.decimals }, { key: "converted", name: "conv", unit: channel.unit, digits: channel.decimals },
            { key: "amount", name: "amount", unit: channel.amount_unit, digits: 3 }].filter((c) => c.key === "value" || has(c.key)).map((c) => ({ ...c, channel, mine }));
};

const head = (c, alone) => `${named(c.channel)}${alone ? "" : ` ${word(c.name)}`} ${c.unit}`;

const cell = (record, column) => {
    if (!record)
        return node("td", {}, "");
    const value = record[column.key], mark = column.key === "value" && record.mark !== "N" ? ` ${record.mark}` : "";
    if (value === null)
        return node("td", { class: "none", title: record.reason ? word(record.reason, "reason") : null }, `—${mark}`);
    const judged = record.converted === null ? "value" : "converted", over = record.exceeds && column.key === judged;
    return node("td", { class: over ? "bad" : null }, `${figure(value, column.digits)}${mark}${over ? ` ${word("exceeds")}` : ""}`);
};

const over = (column, pick) => {
    const values = column.mine.map((r) => r[column.key]).filter((v) => v !== null);
    return values.length > 0 ? figure(pick(values), column.digits) : "—";
};

const draw = (outlet, day, records, days) => {
    const columns = outlet.channels.flatMap((c) => columnsOf(c, records)), froms = [...new Set(records.map((r) => r.from))].sort();
    const alone = (c) => columns.filter((o) => o.channel === c.channel).length === 1;
    if (froms.length === 0) {
        place("table").replaceChildren(node("p", {}, word("nothing")));
        return;
    }
    const rows = froms.map((from) => {
        const to = records.find((r) => r.from === from).to;
        return row(`${clock(from)}–${clock(to)}`, ...columns.map((c) => cell(c.mine.find((r) => r.from === from), c)));
    });
    const ofDay = (c) => days.find((r) => r.factor === c.channel.factor);
    rows.push(row(word("least"), ...columns.map((c) => over(c, (v) => Math.min(...v)))), row(word("most"), ...columns.map((c) => over(c, (v) => Math.max(...v)))),
              row(word("hours_valid"), ...columns.map((c) => `${c.mine.filter((r) => r[c.key] !== null).length} / ${c.mine.length}`)),
              row(word("mean_of_day"), ...columns.map((c) => (ofDay(c) ? cell(ofDay(c), c) : node("td", {}, "—")))));
    place("table").replaceChildren(table(`${outlet.id} ${outlet.name} · ${day}`, [word("hour"), ...columns.map((c) => head(c, alone(c)))], rows));
};

const show = async () => {
    const outlet = outlets.find((o) => o.id === place("outlet").value), day = place("day").value;
    if (!outlet || !day)
        return;
    history.replaceState(null, "", `?lang=${language}&outlet=${encodeURIComponent(outlet.id)}&day=${day}`);
    const [records, days] = await Promise.all([asked(outlet, outlet.medium === "water" ? "2hour" : "hour", day), asked(outlet, "day", day)]);
    draw(outlet, day, records, days);
};

const turn = (days) => () => {
    place("day").value = dayAfter(place("day").value, days);
    show();
};

speak();
const site = await ask("/api/v1/site");
outlets = await ask("/api/v1/outlets");
place("site").textContent = site.name;
place("code").textContent = `${word("code")} ${site.code}`;
place("mn").textContent = `MN ${site.mn}`;
place("outlet").append(...outlets.map((o) => node("option", { value: o.id, selected: o.id === chosen.get("outlet") ? "" : null }, `${o.id} ${o.name}`)));
place("day").value = chosen.get("day") || site.time.slice(0, 10);
place("print").addEventListener("click", () => print());
place("choice").addEventListener("change", show);
place("choice").addEventListener("submit", (event) => event.preventDefault());
place("before").addEventListener("click", turn(-1));
place("after").addEventListener("click", turn(1));
await show();
