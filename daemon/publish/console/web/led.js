// The gate display: one outlet at a time in letters that can be read from the road.
import { named, speak, word } from "./words.js";
import { ask, figure, listen, node, place, tellTime } from "./show.js";

const TURN_MS = 10000;
let outlets = [], turn = 0, latest = new Map();

const draw = () => {
    const outlet = outlets[turn % outlets.length];
    if (!outlet)
        return;
    place("outlet").textContent = `${outlet.id} ${outlet.name}`;
    const shown = outlet.channels.filter((c) => c.progress);
    place("figures").replaceChildren(...shown.map((c) => {
        const [value, converted, , mean, limit] = latest.get(`${outlet.id}/${c.factor}`) || [c.value, c.converted, c.mark, c.progress.mean, c.progress.limit];
        const over = typeof mean === "number" && mean > limit;
        return node("p", { class: over ? "bad" : "" }, node("span", { class: "what" }, named(c)),
                    node("span", { class: "figure" }, figure(converted ?? value, c.decimals)), node("span", { class: "unit" }, c.unit),
                    node("span", { class: "law" }, `${word("limit")} ${limit} ${over ? word("exceeds") : ""}`));
    }));
};

speak();
const site = await ask("/api/v1/site");
outlets = (await ask("/api/v1/outlets")).filter((outlet) => outlet.channels.some((c) => c.progress));
place("site").textContent = site.name;
draw();
listen({
    live: ({ time, channels }) => {
        tellTime(time);
        latest = new Map(channels.map(([outlet, factor, ...rest]) => [`${outlet}/${factor}`, rest]));
        draw();
    },
});
setInterval(() => { turn++; draw(); }, TURN_MS);
