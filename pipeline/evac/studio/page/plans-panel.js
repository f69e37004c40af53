// What if: the plans of the place, what each does and takes, what it changes on the map; new ones, and changes.
import { ask, askWhole, part } from "./api.js";
import { newestOf, sending, sendingForm } from "./answers.js";
import { fill, h, say, takes } from "./dom.js";
import { changeRows, clearChanges, drawChanges, nameOf } from "./changes.js";
import { planEditor } from "./plan-editor.js";
import { plansBeside } from "./plans-beside.js";
import { problemsList } from "./problems.js";
import { searchForm } from "./search-form.js";

export function plansPanel(body, place) {
  let leave = null;
  function showList() {
    leave?.();
    place.map.reset();
    leave = planList(body, place, (key) => {
      leave?.();
      place.map.reset();
      leave = planEditor(body, place, key, showList);
    });
  }
  showList();
  return () => leave?.();
}

function planList(body, place, edit) {
  const { name, jobs, isOpen } = place;
  const list = h("div", { class: "cards" }, h("p", { class: "busy" }, say("Reading the plans …")));
  fill(body, h("h2", {}, say("Plans")), h("p", { class: "note" }, say("A plan is what the city does: turn a lane round, close a road, put an officer at a junction, let a zone leave later.")), h("p", { class: "note edits" }, say("Give a new one a name; then click on the map what it is about.")), newPlan(name, null, edit), searchForm(place), list);
  const shown = { close: null }, asked = newestOf();
  let isOver = false, before = "", cards = new Map();
  async function read() {
    const isNewest = asked();
    try {
      const plans = await ask(`places/${part(name)}/plans`);
      if (isOpen() && !isOver && isNewest()) show(plans);
    } catch (error) {
      if (isNewest()) fill(list, problemsList(error));
    }
  }
  /** Show the plans; those that are as they were stay as they are, with what is being written in them. */
  function show(plans) {
    const now = JSON.stringify(plans);
    if (now === before) return;
    before = now;
    cards = new Map(plans.map((plan) => [JSON.stringify(plan), cards.get(JSON.stringify(plan)) ?? card(place, plan, shown, edit)]));
    fill(list, plansBeside(place, plans), [...cards.values()]);
  }
  read();
  const deaf = jobs.hear((_, kind, content) => { if (kind === "plan" && content.place === name) read(); });
  return () => { isOver = true; deaf(); };
}

/** What makes a plan: empty, or on top of another. */
function newPlan(place, extends_, edit) {
  const told = h("div", {}), title = h("input", { type: "text", required: true, maxlength: "120", "aria-label": say("Name of the new plan"), placeholder: say("Name of the new plan") });
  const make = async () => {
    const { plan } = await ask(`places/${part(place)}/plans`, { method: "POST", body: { name: title.value, extends: extends_ } });
    if (told.isConnected) edit(plan);
  };
  return h("form", { class: "new-plan", onsubmit: sendingForm(told, make) }, title, h("button", { type: "submit" }, extends_ ? say("Make it") : say("New plan")), told);
}

function card({ name: place, picture: { hazard }, map, choose }, plan, shown, edit) {
  const diff = h("div", { class: "diff" }), above = h("div", {}), told = h("div", {});
  const shows = plan.actions?.length ? say("Show what it changes") : say("Show what the hazard closes");
  const button = h("button", { type: "button", "aria-expanded": "false", onclick: () => (isOpen() ? close() : open()) }, shows);
  const isOpen = () => button.getAttribute("aria-expanded") === "true";
  async function open() {
    shown.close?.();
    shown.close = close;
    button.setAttribute("aria-expanded", "true");
    button.textContent = plan.actions.length ? say("Hide what it changes") : say("Hide it");
    fill(diff, h("p", { class: "busy" }, say("Laying the plan over the network …")));
    try {
      const changed = await ask(`places/${part(place)}/plans/${part(plan.plan)}/diff`);
      if (!isOpen() || !diff.isConnected) return;
      drawChanges(map, changed);
      fill(diff, changeRows(map, changed));
    } catch (error) {
      fill(diff, problemsList(error));
    }
  }
  function close() {
    shown.close = null;
    button.setAttribute("aria-expanded", "false");
    button.textContent = shows;
    fill(diff);
    clearChanges(map);
  }
  const named = sending(told, async (what, given) => {
    const path = `places/${part(place)}/plans/${part(plan.plan)}`;
    const { tag } = await askWhole(path);
    await ask(`${path}${what}`, { ...given, headers: { "If-Match": tag } });
  });
  const askBack = () => fill(above, h("p", {}, say("Remove {plan}? Its runs stay.", { plan: plan.name })), h("div", { class: "row" },
    h("button", { type: "button", onclick: () => named("", { method: "DELETE" }) }, say("Remove it")), h("button", { type: "button", onclick: () => fill(above) }, say("Leave it"))));
  const rename = () => {
    const title = h("input", { type: "text", required: true, maxlength: "120", value: plan.name, "aria-label": say("New name of the plan") });
    fill(above, h("form", { class: "new-plan", onsubmit: (event) => { event.preventDefault(); named("/name", { method: "PUT", body: { name: title.value } }); } }, title, h("button", { type: "submit" }, say("Rename it"))));
    title.focus();
  };
  const run = h("button", { type: "button", onclick: () => { sessionStorage.setItem(`plan of ${place}`, plan.plan); choose("runs"); } }, say("Run it"));
  const buttons = plan.plan === "baseline" ? [run] : [
    run,
    h("button", { type: "button", class: "edits", onclick: () => edit(plan.plan) }, say("Change")),
    h("button", { type: "button", class: "edits", onclick: () => fill(above, newPlan(place, plan.plan, edit)) }, say("Build on it")),
    h("button", { type: "button", class: "edits small", onclick: rename }, say("Rename")), h("button", { type: "button", class: "edits small", onclick: askBack }, say("Remove"))];
  return h("article", { class: "card", dataset: { plan: plan.plan } },
    h("h3", { title: plan.plan }, plan.name),
    plan.note ? h("p", { class: "note" }, plan.note) : null,
    plan.problems.length ? [problemsList(plan), h("div", { class: "row" }, buttons.slice(1, 2))] : [
      plan.extends ? h("p", {}, say("Builds on {plan}", { plan: plan.extends })) : null,
      plan.actions.length ? h("ul", {}, plan.actions.map((item) => h("li", {}, nameOf(item)))) : h("p", {}, say("Normal rules: it changes nothing.")),
      h("p", { class: "takes" }, say("Takes {what}", { what: takes(plan.resources) })),
      h("div", { class: "row" }, plan.actions.length || hazard ? button : null, buttons), above, told, diff],
  );
}
