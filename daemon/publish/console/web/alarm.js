// One alarm: what it says, how it went, and what it rests on: signed messages, the trend and the records of its time.
import { language, speak, word } from "./words.js";
import { ask, connection, describe, figure, instant, listen, node, place, row, table } from "./show.js";

const id = new URLSearchParams(location.search).get("id") || "";
const HOUR_MS = 3600000;

// The plant's own time, whatever zone the reader is in.
const plantTime = (ms) => `${new Date(ms + 8 * HOUR_MS).toISOString().slice(0, 19)}+08:00`;

const words = (body) => (language === "zh" ? body.text : body.text_en) || body.text || "";

const drawFacts = (alarm, last) => {
    place("what").className = alarm.severity;
    place("what").replaceChildren(node("strong", {}, `${word(alarm.severity)} · ${word(alarm.state)}`), ` ${words(alarm)}`);
    const over = last.multiple === null || last.multiple === undefined ? null : figure(last.multiple, 2);
    const pairs = [["outlet", alarm.outlet], ["kind", word(alarm.kind, "kinds")], ["factor", last.factor || alarm.subject], ["period_word", last.period && word(last.period, "period")],
                   ["raised", instant(alarm.raised)], ["time", instant(alarm.time)], ["value", last.value === null ? null : `${last.value} ${last.unit || ""}`],
                   ["limit", last.limit === null ? null : `${last.limit} ${last.unit || ""}`], ["multiple", over], ["standard", last.standard]];
    describe("facts", pairs.filter(([, value]) => value !== null && value !== undefined && value !== ""));
};

const drawLife = (alarm, bodies) => {
    const rows = bodies.map((b) => row(instant(b.time), word(b.state), word(b.severity), b.value === null ? "—" : `${b.value} ${b.unit || ""}`,
                                       b.by ? `${b.by}: ${b.note}` : words(b)));
    place("life").replaceChildren(table(word("life"), ["time", "state", "severity", "value", "text"].map((k) => word(k)), rows, true));
    place("incomplete").hidden = alarm.complete;
};

const drawEvidence = (alarm, bodies) => {
    const factor = bodies.at(-1).factor, links = [];
    if (alarm.outlet !== "-" && factor) {
        const outlet = encodeURIComponent(alarm.outlet), from = plantTime(Date.parse(alarm.raised) - HOUR_MS), to = plantTime(Date.parse(alarm.time) + HOUR_MS);
        links.push(node("a", { href: `/trend?lang=${language}&outlet=${outlet}&factor=${factor}` }, word("to_trend")), " ",
                   node("a", { href: `/api/v1/records?outlet=${outlet}&factor=${factor}&from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}&limit=10000&format=csv` }, word("to_records")));
    }
    place("links").replaceChildren(...links);
    place("evidence").replaceChildren(...alarm.steps.map((s) => node("details", {}, node("summary", {}, `alarm/${s.seq} · ${word("hash")} ${s.hash.slice(0, 16)}…`),
                                                                    node("p", { class: "message" }, s.message), node("p", { class: "message" }, s.signature || "—"))));
};

const refresh = async () => {
    const answer = await fetch(`/api/v1/alarm?id=${encodeURIComponent(id)}`);
    if (answer.status === 404) {
        place("what").textContent = word("no_alarm");
        return;
    }
    const alarm = await answer.json(), bodies = alarm.steps.map((s) => JSON.parse(s.message));
    drawFacts(alarm, bodies.at(-1) || alarm);
    drawLife(alarm, bodies);
    drawEvidence(alarm, bodies);
};

speak();
try {
    place("site").textContent = (await ask("/api/v1/site")).name;
    await refresh();
} catch (error) {
    connection(false);
}
listen({ alarm: (body) => body.id === id && refresh(), found: () => connection(true), lost: () => connection(false) });
