// A plan as it is changed: its actions, what they take together, and at once what they change on the map.
import { ask, askWhole, part } from "./api.js";
import { actionForm } from "./action-form.js";
import { kindOf, kindsAt } from "./actions.js";
import { changeRows, clearChanges, drawChanges } from "./changes.js";
import { fill, h, problemsList, say, takes } from "./dom.js";
import { finder } from "./finder.js";
import { byName, clicked, everybody, shapesOf, spotOf } from "./targets.js";

const NONE = { type: "FeatureCollection", features: [] };

/**
 * Show a plan for changes.
 * @param {HTMLElement} body
 * @param {object} place
 * @param {string} key of the plan
 * @param {() => void} leave back to the list of plans
 * @returns {() => void} what ends it
 */
export function planEditor(body, place, key, leave) {
  const { name, picture, map, jobs } = place;
  const path = `places/${part(name)}/plans/${part(key)}`;
  const title = h("h2", {}), head = h("div", {}), list = h("ol", { class: "own-actions" }), form = h("div", { class: "form" }), diff = h("div", { class: "diff", "aria-live": "polite" });
  const told = h("p", { class: "told", role: "status" });
  const undoButton = h("button", { type: "button", onclick: () => step(-1) }, say("Undo")), redoButton = h("button", { type: "button", onclick: () => step(1) }, say("Redo"));
  let plan = null, tag = null, texts = [], at = -1, target = null, saving = false, isOver = false;

  fill(body, h("button", { type: "button", onclick: leave }, say("All plans")), title, head, h("div", { class: "row" }, undoButton, redoButton,
    h("button", { type: "button", onclick: () => { sessionStorage.setItem(`plan of ${name}`, key); place.choose("runs"); } }, say("Run it"))),
  told, list, h("p", { class: "hint" }, say("Click a street, a junction, a zone or an exit on the map. A second click on the same street takes the stretch between.")),
  finder(byName(picture), say("A street, junction, zone or exit by its name"), say("or write its name"), (found) => { choose(found); map.see(map.content.chosen.features); }),
  h("button", { type: "button", class: "small", onclick: () => choose(everybody()) }, say("What everybody does")), form,
  h("h3", {}, say("What it changes")), diff);
  map.showEdits(true);
  map.on("click", (event, found) => choose(clicked(picture, [event.lngLat.lng, event.lngLat.lat], found, target)));
  const deaf = jobs.hear((_, kind, content) => {
    if (kind === "plan" && content.place === name && !saving && content.tag !== tag) reload(content.plan === key ? say("The plan has been changed elsewhere; this is how it is now.") : "");
  });
  reload("");
  return () => { isOver = true; deaf(); map.showEdits(false); };

  async function reload(words) {
    try {
      const found = await askWhole(path);
      if (isOver) return;
      take(found, true);
      told.textContent = words;
    } catch (error) {
      fill(diff, problemsList(error));
    }
  }

  function take({ content, tag: now }, isNew) {
    if (tag === now) return;
    plan = content;
    tag = now;
    if (isNew) { texts = [...texts.slice(0, at + 1), plan.text]; at = texts.length - 1; }
    show();
    showDiff();
  }

  async function change(edit, isNew = true) {
    saving = true;
    try {
      take(await askWhole(path, { method: "PATCH", body: edit, headers: { "If-Match": tag } }), isNew);
      told.textContent = "";
    } catch (error) {
      if (error.status === 412) await reload("");
      error.element = problemsList(error);
      throw error;
    } finally {
      saving = false;
    }
  }

  async function step(by) {
    const text = texts[at + by];
    try {
      await change({ do: "text", text }, false);
      at += by;
      show();
    } catch (error) {
      told.textContent = error.message;
    }
  }

  function show() {
    title.textContent = plan.name;
    undoButton.disabled = at <= 0;
    redoButton.disabled = at >= texts.length - 1;
    fill(head, plan.extends ? h("p", {}, say("Builds on {plan}", { plan: plan.extends })) : null,
      h("p", { class: "takes" }, say("Takes {what}", { what: takes(plan.resources) })),
      plan.problems.length ? problemsList(plan) : null,
      h("details", {}, h("summary", {}, say("The file")), h("pre", { tabindex: "0" }, plan.text)));
    fill(list, (plan.inherited ?? []).map((item) => h("li", { class: "inherited" }, item.label)), plan.actions.map((item, number) => ownAction(item, number)));
  }

  function ownAction(item, number) {
    const spot = spotOf(picture, item.given);
    const label = spot ? h("button", { type: "button", class: "to-map", onclick: () => map.flyTo(spot) }, item.label) : item.label;
    return h("li", { dataset: { where: item.where } }, h("span", {}, label), item.action === item.label ? null : h("span", { class: "does" }, item.action),
      h("span", { class: "buttons" },
        h("button", { type: "button", "aria-label": say("Change: {action}", { action: item.label }), onclick: () => {
          choose(null);
          fill(form, h("h3", {}, item.label), actionForm(kindOf(item.given, picture), null, item.given, picture, (action) => change({ do: "replace", at: number, action }).then(() => fill(form)), () => fill(form)));
        } }, say("Change")),
        h("button", { type: "button", "aria-label": say("Remove: {action}", { action: item.label }), onclick: () => change({ do: "remove", at: number }).catch((error) => { told.textContent = error.message; }) }, say("Remove"))));
  }

  async function showDiff() {
    const mine = tag;
    fill(diff, h("p", { class: "busy" }, say("Laying the plan over the network …")));
    for (const row of list.querySelectorAll(".problems")) row.remove();
    map.put("marks", NONE);
    try {
      const changed = await ask(`${path}/diff`);
      if (mine !== tag || isOver) return;
      drawChanges(map, changed, false);
      fill(diff, changeRows(map, changed));
    } catch (error) {
      if (mine !== tag || isOver) return;
      clearChanges(map);
      map.put("marks", onTheMap(error.problems));
      const elsewhere = error.problems.filter((problem) => !besideItsAction(problem));
      fill(diff, elsewhere.length || !error.problems.length ? problemsList({ problems: elsewhere, message: error.message }) : h("p", { class: "bad" }, say("It can't be laid over the network; why stands beside its actions.")));
    }
  }

  function rowOf(problem) {
    return [...list.children].find((item) => item.dataset.where && problem.where.split("; ").some((where) => where.startsWith(item.dataset.where)));
  }

  /** Marks where the actions are that can't be laid over the network, with the reason. */
  function onTheMap(problems) {
    const own = [...list.children].filter((item) => item.dataset.where);
    const features = problems.flatMap((problem, id) => {
      const action = plan.actions[own.indexOf(rowOf(problem))], spot = action && spotOf(picture, action.given);
      return spot ? [{ type: "Feature", id, properties: { severity: "error", text: `${action.label}: ${problem.what}` }, geometry: { type: "Point", coordinates: spot } }] : [];
    });
    return { type: "FeatureCollection", features };
  }

  function besideItsAction(problem) {
    const row = rowOf(problem);
    row?.append(problemsList({ problems: [{ ...problem, where: "" }] }));
    return Boolean(row);
  }

  function choose(found) {
    target = found;
    map.put("chosen", target ? shapesOf(picture, target) : NONE);
    if (!target) { fill(form); return; }
    const fields = h("div", {});
    const kinds = h("div", { class: "kinds", role: "group", "aria-label": say("What to do there") }, kindsAt(target).map((kind) => h("button", { type: "button", "aria-pressed": "false", onclick: (event) => {
      for (const button of kinds.children) button.setAttribute("aria-pressed", String(button === event.currentTarget));
      fill(fields, actionForm(kind, target, {}, picture, (action) => change({ do: "add", action }).then(() => { choose(null); writeNext(); }), () => choose(null)));
      fields.scrollIntoView({ block: "nearest" });
    } }, kind.title())));
    fill(form, h("h3", { tabindex: "-1" }, target.scope === "between" ? say("{street}, between two places", { street: target.name }) : target.name), target.kind === "street" && target.street && target.scope !== "between" ? scopes() : null, kinds, fields);
    form.firstElementChild.focus({ preventScroll: false });
  }

  function scopes() {
    const pick = h("select", { "aria-label": say("How much of the street"), onchange: () => choose({ ...target, scope: pick.value }) },
      [["block", say("from junction to junction")], ["whole", say("the whole street")]].map(([value, words]) => h("option", { value, selected: value === target.scope }, words)));
    return pick;
  }

  /** Be ready for the next name: what had the focus is gone. */
  function writeNext() { body.querySelector(".finder input").focus({ preventScroll: true }); }
}
