// Find me a plan: what there is to carry it out with, and how long the search may take.
import { ask, part } from "./api.js";
import { sendingForm } from "./answers.js";
import { h, say } from "./dom.js";

/** The form; the search goes on where runs do. */
export function searchForm({ name, choose }) {
  const told = h("div", {}), number = (value, most) => h("input", { type: "number", min: "0", max: String(most), value: String(value), required: true });
  const fields = { officers: number(4, 1000), cones: number(200, 10000), barricades: number(10, 1000), within_min: h("input", { type: "number", min: "1", max: "1440", value: "15", required: true }) };
  const search = sendingForm(told, async () => {
    await ask(`places/${part(name)}/search`, { method: "POST", body: Object.fromEntries(Object.entries(fields).map(([key, input]) => [key, Number(input.value)])) });
    if (told.isConnected) choose("runs");
  });
  return h("details", { class: "edits" }, h("summary", {}, say("Find me a plan")), h("form", { class: "action", onsubmit: search },
    h("p", { class: "hint" }, say("It tries what could be done with these, simulates the best with several seeds, and puts the best among the plans.")),
    h("div", { class: "row" }, h("label", {}, say("Officers"), fields.officers), h("label", {}, say("Cones"), fields.cones), h("label", {}, say("Barricades"), fields.barricades),
      h("label", {}, say("Minutes that it may take"), fields.within_min)), h("button", { class: "primary", type: "submit" }, say("Search")), told));
}

/** What a search that has ended says, and the way to what it found. */
export function foundView(told, { choose }, openPage) {
  return h("div", { class: "job" }, h("p", {}, told.plan ? say("The search has found a plan: {plan}.", { plan: told.plan }) : say("The search has found nothing that helps.")),
    told.cut_short ? h("p", { class: "note" }, say("Time was up before it was through: the same search goes on from there.")) : null,
    h("div", { class: "row" }, told.plan ? h("button", { type: "button", onclick: () => choose("plans") }, say("Look at it")) : null, openPage));
}
