// What if: the plans of the place, what each does and takes, and what it changes on the map.
import { ask, part } from "./api.js";
import { fill, h, problemsList, say, takes } from "./dom.js";
import { changeRows, clearChanges, drawChanges } from "./changes.js";

export function plansPanel(body, { name, map, isOpen }) {
  const list = h("div", { class: "cards" }, h("p", { class: "busy" }, say("Reading the plans …")));
  fill(body, h("h2", {}, say("Plans")), list);
  const shown = { close: null };
  ask(`places/${part(name)}/plans`).then((plans) => {
    if (isOpen() && list.isConnected) fill(list, plans.map((plan) => card(name, plan, map, shown)));
  }, (error) => fill(list, problemsList(error)));
}

function card(place, plan, map, shown) {
  const diff = h("div", { class: "diff" });
  const button = h("button", { type: "button", "aria-expanded": "false", onclick: () => (isOpen() ? close() : open()) }, say("Show what it changes"));
  const isOpen = () => button.getAttribute("aria-expanded") === "true";
  async function open() {
    shown.close?.();
    shown.close = close;
    button.setAttribute("aria-expanded", "true");
    button.textContent = say("Hide what it changes");
    fill(diff, h("p", { class: "busy" }, say("Laying the plan over the network …")));
    try {
      const changed = await ask(`places/${part(place)}/plans/${part(plan.plan)}/diff`);
      if (!isOpen()) return;
      drawChanges(map, changed);
      fill(diff, changeRows(map, changed));
    } catch (error) {
      fill(diff, problemsList(error));
    }
  }
  function close() {
    shown.close = null;
    button.setAttribute("aria-expanded", "false");
    button.textContent = say("Show what it changes");
    fill(diff);
    clearChanges(map);
  }
  return h("article", { class: "card", dataset: { plan: plan.plan } },
    h("h3", {}, plan.name, plan.name === plan.plan ? null : h("span", { class: "key" }, plan.plan)),
    plan.note ? h("p", { class: "note" }, plan.note) : null,
    plan.problems.length ? problemsList(plan) : [
      plan.extends ? h("p", {}, say("Builds on {plan}", { plan: plan.extends })) : null,
      plan.actions.length ? h("ul", {}, plan.actions.map((item) => h("li", {}, item.label))) : h("p", {}, say("Normal rules: it changes nothing.")),
      h("p", { class: "takes" }, say("Takes {what}", { what: takes(plan.resources) })),
      plan.actions.length ? button : null, diff],
  );
}
