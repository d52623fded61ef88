// How things are shown: nodes, figures, instants, tables, the event stream.
import { word } from "./words.js";

export const place = (id) => document.getElementById(id);

export const node = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes))
        if (value !== null && value !== undefined)
            made.setAttribute(key, value);
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
};

export const figure = (value, decimals = 2) => (typeof value === "number" ? value.toFixed(decimals) : "—");
export const percent = (value) => (typeof value === "number" ? `${(100 * value).toFixed(0)} %` : "—");

// 2026-11-25T08:30:00.000+08:00 → 11-25 08:30:00: the plant's own time, whoever looks from wherever
export const instant = (text) => (text ? `${text.slice(5, 10)} ${text.slice(11, 19)}` : "—");
export const clock = (text) => (text ? text.slice(11, 16) : "");

export const bytes = (count) => (count < 1e6 ? `${(count / 1e3).toFixed(0)} kB` : count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(2)} GB`);
export const describe = (id, pairs) =>
    place(id).replaceChildren(...pairs.flatMap(([key, value]) => [node("dt", {}, word(key)), node("dd", {}, value instanceof Node ? value : String(value))]));

// The gateway's own, at the head of the page.
export const tellTime = (time) => {
    place("time").textContent = instant(time);
    place("time").dateTime = time;
};

// A table in a region that scrolls by itself and can be reached by keyboard.
// plain: of words, under a heading that says what the caption would.
export const table = (caption, heads, rows, plain) => {
    const made = node("table", { class: plain ? "plain" : null }, node("caption", { class: plain ? "unseen" : null }, caption),
                      node("thead", {}, node("tr", {}, ...heads.map((head) => node("th", { scope: "col" }, head)))),
                      node("tbody", {}, ...rows));
    return node("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption }, made);
};
export const row = (head, ...cells) =>
    node("tr", {}, node("th", { scope: "row" }, head),
         ...cells.map((cell) => (cell instanceof Node && cell.nodeName === "TD" ? cell : node("td", {}, cell))));

// A share of a limit: a bar with its words, never colour alone.
export const meter = (share, label) => {
    if (typeof share !== "number")
        return node("span", {}, "—");
    const bar = node("span", { class: share > 1 ? "bar over" : share > 0.9 ? "bar near" : "bar" });
    bar.style.width = `${Math.max(0, Math.min(100, 100 * share))}%`;
    return node("span", { class: "meter" },
                node("span", { class: "track", role: "meter", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100",
                               "aria-valuenow": Math.round(100 * Math.max(0, Math.min(1, share))), "aria-valuetext": percent(share) }, bar),
                node("span", { class: "amount" }, percent(share)));
};

export const ask = async (path) => {
    const answer = await fetch(path, { headers: { accept: "application/json" } });
    if (!answer.ok)
        throw new Error(`${path}: ${answer.status}`);
    return answer.json();
};

// Calls on[event](data) for each event; on.lost and on.found when the connection goes and comes.
export const listen = (on) => {
    const source = new EventSource("/api/v1/stream");
    for (const name of ["live", "alarm", "closed"])
        if (on[name])
            source.addEventListener(name, (event) => on[name](JSON.parse(event.data)));
    source.addEventListener("open", () => on.found && on.found());
    source.addEventListener("error", () => on.lost && on.lost());
    addEventListener("pagehide", () => source.close());
    return source;
};

export const connection = (found) => {
    const words = place("connection");
    if (words) {
        words.textContent = word(found ? "live" : "offline");
        words.className = found ? "live" : "lost";
    }
};
