// A plan as it is changed: its actions, what they take together, and at once what they change on the map.
import { ask, askWhole, part } from "./api.js";
import { actionForm } from "./action-form.js";
import { oneByOne, sending } from "./answers.js";
import { kindOf, kindsAt } from "./actions.js";
import { changeRows, clearChanges, drawChanges, nameOf } from "./changes.js";
import { fill, h, say, sayTold, takes } from "./dom.js";
import { finder } from "./finder.js";
import { actionsOf, problemsList, problemWords, textOf } from "./problems.js";
import { byName, clicked, everybody, shapesOf, spotOf } from "./targets.js";

const BY_HAND = "hand", BY_STEP = "step", BY_OTHERS = "others"; // who has changed what is shown: this page, its Undo or Redo, somebody else
const changedElsewhere = () => say("The plan has been changed elsewhere; this is how it is now. Undo begins anew from here.");
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
  let plan = null, tag = null, texts = [], at = -1, target = null, saving = false, heard = null, isOver = false, taken = 0;
  const inTurn = oneByOne();

  fill(body, h("button", { type: "button", onclick: leave }, say("All plans")), title, head, h("div", { class: "row" }, undoButton, redoButton,
    h("button", { type: "button", onclick: () => { sessionStorage.setItem(`plan of ${name}`, key); place.choose("runs"); } }, say("Run it"))),
  told, list, h("p", { class: "hint" }, say("Click a street, a junction, a zone or an exit on the map. A second click on the same street takes the stretch between.")),
  finder(byName(picture), say("A street, junction, zone or exit by its name"), say("or write its name"), (found) => { choose(found); map.see(map.content.chosen.features); }),
  h("button", { type: "button", class: "small", onclick: () => choose(everybody()) }, say("What everybody does")), form,
  h("h3", {}, say("What it changes")), diff);
  map.showEdits(true);
  map.on("click", (event, found) => choose(clicked(picture, [event.lngLat.lng, event.lngLat.lat], found, target)));
  const deaf = jobs.hear((_, kind, content) => {
    if (kind !== "plan" || content.place !== name || content.tag === tag) return;
    if (!saving) reload(content.plan === key && plan ? changedElsewhere() : "");
    else if (content.plan === key) heard = content.tag;
  });
  reload("");
  return () => { isOver = true; deaf(); map.showEdits(false); };

  /** Take the plan as it is now; false where something newer came meanwhile, such as a change's answer. */
  async function read() {
    const before = taken;
    const found = await askWhole(path);
    if (isOver || before !== taken) return false;
    take(found, BY_OTHERS);
    return true;
  }

  async function reload(words) {
    try {
      if (await read()) told.textContent = words;
    } catch (error) {
      fill(diff, problemsList(error));
    }
  }

  function take({ content, tag: now }, by) {
    taken += 1;
    if (JSON.stringify(plan) === JSON.stringify(content)) return; // a plan that it builds on may be another
    if (by === BY_OTHERS && tag !== now) texts = []; // what others have changed is never undone with one's own
    if (by !== BY_STEP && tag !== now) { texts = [...texts.slice(0, at + 1), content.text]; at = texts.length - 1; }
    plan = content;
    tag = now;
    if (isOver) return; // the map is another panel's by now
    show();
    showDiff();
  }

  /** Change the plan; `edit` says how, of the plan as it is when its turn has come. */
  function change(edit) { return inTurn(() => send(edit, BY_HAND)); }

  async function send(edit, by) {
    if (!plan) await read(); // a quick hand, or a first reading that has failed
    saving = true;
    heard = null;
    try {
      take(await askWhole(path, { method: "PATCH", body: edit(), headers: { "If-Match": tag } }), by);
      told.textContent = "";
    } catch (error) {
      if (error.status === 412) await reload(changedElsewhere());
      error.element = problemsList(error, true);
      throw error;
    } finally {
      saving = false;
    }
    if (heard && heard !== tag) await reload(changedElsewhere()); // somebody was as quick
  }

  function step(by) { return inTurn(() => goTo(at + by)); }

  async function goTo(wanted) {
    if (!(wanted in texts)) return; // others have changed it meanwhile
    try {
      await send(() => ({ do: "text", text: texts[wanted] }), BY_STEP);
    } catch (error) {
      if (error.status !== 412) told.textContent = error.message;
    }
    if (texts[wanted] === plan.text) at = wanted;
    showSteps();
  }

  function showSteps() {
    undoButton.disabled = at <= 0;
    redoButton.disabled = at >= texts.length - 1;
  }

  function show() {
    title.textContent = plan.name;
    showSteps();
    fill(head, plan.extends ? h("p", {}, say("Builds on {plan}", { plan: plan.extends })) : null,
      h("p", { class: "takes" }, say("Takes {what}", { what: takes(plan.resources) })),
      plan.problems.length ? h("p", { class: "bad" }, say("This plan has a mistake, and can't be laid over the network until it is mended: change or remove the action, or take the last change back with Undo.")) : null,
      h("details", {}, h("summary", {}, say("The file")), h("pre", { tabindex: "0" }, plan.text)));
    fill(list, (plan.inherited ?? []).map((item) => h("li", { class: "inherited" }, nameOf(item))), plan.actions.map((item, number) => ownAction(item, number)));
    const elsewhere = besideActions(plan.problems);
    if (elsewhere.length) head.append(problemsList({ problems: elsewhere }));
  }

  /** Which of the plan's actions one is that was shown: others may have been removed since, or it was changed elsewhere. */
  function placeOf(item, number) {
    const isIt = (other) => JSON.stringify(other?.given) === JSON.stringify(item.given);
    const place = isIt(plan.actions[number]) ? number : plan.actions.findIndex(isIt);
    if (place < 0) throw new Error(say("The plan no longer has this action as it was: choose it again."));
    return place;
  }

  function ownAction(item, number) {
    const wrong = h("div", {}), remove = sending(wrong, () => change(() => ({ do: "remove", at: placeOf(item, number) })));
    const spot = spotOf(picture, item.given);
    const label = spot ? h("button", { type: "button", class: "to-map", onclick: () => map.flyTo(spot) }, nameOf(item)) : nameOf(item);
    return h("li", {}, h("span", {}, label), item.action === item.label ? null : h("span", { class: "does" }, sayTold(item.action)),
      h("span", { class: "buttons" },
        h("button", { type: "button", "aria-label": say("Change: {action}", { action: nameOf(item) }), onclick: () => {
          choose(null);
          fill(form, h("h3", {}, nameOf(item)), actionForm(kindOf(item.given, picture), null, item.given, picture, (action) => change(() => ({ do: "replace", at: placeOf(item, number), action })).then(() => fill(form)), () => fill(form)));
        } }, say("Change")),
        h("button", { type: "button", "aria-label": say("Remove: {action}", { action: nameOf(item) }), onclick: remove }, say("Remove"))), wrong);
  }

  async function showDiff() {
    const mine = tag;
    clearChanges(map);
    map.put("marks", onTheMap(plan.problems));
    if (plan.problems.length) { fill(diff, h("p", {}, say("Nothing can be said while the plan has a mistake."))); return; }
    fill(diff, h("p", { class: "busy" }, say("Laying the plan over the network …")));
    for (const row of list.querySelectorAll(".problems")) row.remove();
    try {
      const changed = await ask(`${path}/diff`);
      if (mine !== tag || isOver) return;
      drawChanges(map, changed, false);
      fill(diff, changeRows(map, changed));
    } catch (error) {
      if (mine !== tag || isOver) return;
      map.put("marks", onTheMap(error.problems));
      const elsewhere = besideActions(error.problems);
      fill(diff, elsewhere.length || !error.problems.length ? problemsList({ problems: elsewhere, message: error.message }) : h("p", { class: "bad" }, say("It can't be laid over the network; why stands beside its actions.")));
    }
  }

  /** Marks where the actions are that can't be laid over the network, with the reason. */
  function onTheMap(problems) {
    const inherited = (plan.inherited ?? []).length;
    const features = problems.flatMap((problem) => actionsOf(problem).flatMap((number) => {
      const action = plan.actions[number - inherited], spot = action && spotOf(picture, action.given);
      return spot ? [{ type: "Feature", properties: { severity: "error", text: `${nameOf(action)}: ${textOf(problemWords(problem).what)}` }, geometry: { type: "Point", coordinates: spot } }] : [];
    }));
    return { type: "FeatureCollection", features: features.map((item, id) => ({ ...item, id })) };
  }

  /** Put each problem beside its actions; those that are about none are returned. */
  function besideActions(problems) {
    for (const problem of problems) for (const number of actionsOf(problem)) list.children[number]?.append(problemsList({ problems: [problem] }, true));
    return problems.filter((problem) => !actionsOf(problem).some((number) => list.children[number]));
  }

  function choose(found) {
    target = found;
    map.put("chosen", target ? shapesOf(picture, target) : NONE);
    if (!target) { fill(form); return; }
    const fields = h("div", {});
    const kinds = h("div", { class: "kinds", role: "group", "aria-label": say("What to do there") }, kindsAt(target).map((kind) => h("button", { type: "button", "aria-pressed": "false", onclick: (event) => {
      for (const button of kinds.children) button.setAttribute("aria-pressed", String(button === event.currentTarget));
      fill(fields, actionForm(kind, target, {}, picture, (action) => change(() => ({ do: "add", action })).then(() => { if (isOver) return; choose(null); writeNext(); }), () => choose(null)));
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
