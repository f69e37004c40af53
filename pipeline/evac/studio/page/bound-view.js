// What no plan can beat, beside a finished run's time, and the streets that make it so.
import { ask, part } from "./api.js";
import { clock, count, fill, h, say } from "./dom.js";

/** The bound of a run; it is worked out while the rest is shown already. */
export function boundView({ name, map }, run) {
  const element = h("div", { class: "bound", role: "status" }, h("p", { class: "busy" }, say("Working out how soon it could be at best …")));
  ask(`places/${part(name)}/runs/${part(run.job)}/bound`).then((found) => fill(element, found.t90_s ? words(found, map) : missing(run)), (error) => fill(element, h("p", { class: "note" }, error.message)));
  return element;
}

function missing(run) {
  return h("p", { class: "note" }, run.fidelity === "micro" && run.capacity_factor === 1 ? say("The place or the plan has been changed since this run: run it again to compare it with the best possible.")
    : say("How soon it could be at best stands beside runs of every car with the usual lane capacity."));
}

function words({ t90_s: best, streets }, map) {
  const first = streets.filter((street) => street.earlier_min > 0);
  return [
    h("p", {}, h("strong", {}, clock(best.under_plan)), ` ${say("h at best on the lanes of this plan, whatever drivers and officers do; {time} h with every lane in either direction.", { time: clock(best.reversible) })}`),
    first.length ? h("details", {}, h("summary", {}, say("What makes the best possible so late")), h("ul", {}, first.map((street) => h("li", {},
      h("button", { type: "button", class: "to-map", onclick: () => map.flyTo([street.lon, street.lat]) }, street.street), ` ${say("one lane more along it: {n} min sooner at best", { n: count(street.earlier_min) })}`)))) : null];
}
