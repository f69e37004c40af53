// The form of one action: what it asks for, when it holds, what it takes.
import { sendingForm } from "./answers.js";
import { clock, h, say } from "./dom.js";
import { NOWHERE, isDirected } from "./actions.js";

const LAST_MIN = 480, STEP_MIN = 5;
const RESOURCES = [["officers", () => say("Officers")], ["signs", () => say("Signs")], ["cones", () => say("Cones")], ["barricades", () => say("Barricades")]];

/**
 * A form for an action of a kind, on a target or as a plan has it.
 * @param {object} kind of `ACTIONS`
 * @param {object|null} target what it is about; null when the plan has it already
 * @param {object} given the action as the plan has it; empty for a new one
 * @param {object} picture of the place
 * @param {(action: object) => Promise<void>} keep
 * @param {() => void} leave
 */
export function actionForm(kind, target, given, picture, keep, leave) {
  const asked = kind.fields(target ?? NOWHERE, picture);
  const fields = asked.map((field) => fieldOf(target ? field : { ...field, value: undefined }, given[field.name]));
  const label = h("input", { type: "text", maxlength: "200", value: given.label ?? (target ? `${kind.title()}: ${target.name}` : "") });
  const directions = target && kind.direction && isDirected(target) ? directionOf(kind, target) : null;
  const span = kind.timed ? timeSpan(given.when ?? {}, kind.setup) : null;
  const takes = RESOURCES.map(([name, words]) => [name, h("input", { type: "number", min: "0", max: "10000", value: String((given.with ?? kind.takes ?? {})[name] ?? 0) }), words]);
  const problems = h("div", {});
  const save = h("button", { class: "primary", type: "submit" }, target ? say("Add to the plan") : say("Keep the change"));
  const submit = () => {
    const values = Object.fromEntries([...fields.map((field) => [field.name, field.value()]), ["towards", directions?.value()]]);
    return keep(actionOf(kind, target, asked, given, values, { label: label.value.trim(), when: span?.value(), takes }));
  };
  return h("form", { class: "action", onsubmit: sendingForm(problems, submit) },
    directions?.element, fields.map((field) => field.element), span?.element,
    h("fieldset", {}, h("legend", {}, say("Takes")), h("div", { class: "row" }, takes.map(([, input, words]) => h("label", {}, words(), input)))),
    h("label", { class: "wide" }, say("Called"), label),
    h("div", { class: "row" }, save, h("button", { type: "button", onclick: leave }, say("Leave it"))), problems);
}

/** The action as it stands in a plan: the keys in the order in which plans are written. */
function actionOf(kind, target, asked, given, values, { label, when, takes }) {
  const built = target ? kind.build(target, values) : {};
  const own = Object.fromEntries(asked.filter((field) => !field.inner).map(({ name }) => [name, values[name]]));
  const { do: _do, label: _label, when: oldWhen, with: _with, ...kept } = given;
  const resources = Object.fromEntries(takes.map(([name, input]) => [name, Number(input.value) || 0]).filter(([, count]) => count));
  const timed = kind.timed ? when : oldWhen;
  const rest = { ...kept, ...built, ...own };
  for (const [name, value] of Object.entries(rest)) if (value === "" || value === null || value === undefined || value === false) delete rest[name];
  return { do: kind.do, ...(label ? { label } : {}), ...rest, ...(timed && Object.keys(timed).length ? { when: timed } : {}), ...(Object.keys(resources).length ? { with: resources } : {}) };
}

function fieldOf({ name, label, type, options, value, needed, ...about }, given) {
  const now = given ?? value;
  if (type === "many") return manyOf(name, label, options, now ?? []);
  let input;
  if (type === "select") input = h("select", {}, options.map(([key, words]) => h("option", { value: key, selected: key === (now ?? options[0][0]) }, words)));
  else if (type === "checkbox") input = h("input", { type, checked: Boolean(now) });
  else input = h("input", { type, required: Boolean(needed), value: now === undefined ? "" : String(now), ...Object.fromEntries(Object.entries({ step: "any", ...about }).map(([key, item]) => [key, String(item)])) });
  const read = { select: () => input.value, checkbox: () => input.checked, number: () => (input.value === "" ? null : Number(input.value)) }[type];
  const element = type === "checkbox" ? h("label", { class: "check" }, input, label()) : h("label", { class: "wide" }, label(), input);
  return { name, element, value: read };
}

/** Any number of things, one at least: a box each. */
function manyOf(name, label, options, chosen) {
  const boxes = options.map(([key]) => h("input", { type: "checkbox", value: key, checked: chosen.includes(key) }));
  const require = () => boxes[0]?.setCustomValidity(boxes.some((box) => box.checked) ? "" : say("Choose one at least."));
  for (const box of boxes) box.addEventListener("change", require);
  const element = h("fieldset", {}, h("legend", {}, label()), boxes.map((box, i) => h("label", { class: "check" }, box, options[i][1])));
  return { name, element, value: () => boxes.filter((box) => box.checked).map((box) => box.value) };
}

function directionOf(kind, target) {
  const options = [...(kind.direction === "maybe" ? [["", say("both directions")]] : []), ...target.towards.map((towards) => [towards, say("{towards}bound", { towards })])];
  const field = fieldOf({ name: "towards", label: () => say("Direction of travel"), type: "select", options });
  return field;
}

/** When an action holds: two handles on a line of time, and the minutes that setting it up takes. */
function timeSpan({ from_min: from = 0, until_min: until, setup_min: setup = 0 }, withSetup) {
  const last = Math.max(LAST_MIN, Math.ceil((until ?? from) / 60) * 60 + STEP_MIN);
  const handle = (value, words) => h("input", { type: "range", min: "0", max: String(last), step: String(STEP_MIN), value: String(value), "aria-label": words });
  const first = handle(from, say("From, minutes after the order")), end = handle(until ?? last, say("Until, minutes after the order"));
  const preparing = h("input", { type: "number", min: "0", max: "1440", value: String(setup) });
  const said = h("output", {}), bar = h("div", { class: "bar" });
  const isEver = () => Number(end.value) >= last;
  function tell(event) {
    if (Number(first.value) >= Number(end.value)) {
      if (event?.target === end) first.value = String(Number(end.value) - STEP_MIN); else end.value = String(Number(first.value) + STEP_MIN);
    }
    const begins = Number(first.value) ? say("from {time} h after the order", { time: clock(first.value * 60) }) : say("from the order on");
    said.textContent = isEver() ? begins : `${begins}, ${say("until {time} h", { time: clock(end.value * 60) })}`;
    bar.style.left = `${100 * first.value / last}%`;
    bar.style.right = `${100 - 100 * end.value / last}%`;
  }
  for (const input of [first, end]) input.addEventListener("input", tell);
  tell();
  const element = h("fieldset", {}, h("legend", {}, say("When")), said, h("div", { class: "timeline" }, bar, first, end),
    withSetup ? h("label", { class: "wide" }, say("Minutes to set it up"), preparing) : null);
  return { element, value: () => {
    const found = {};
    if (Number(first.value)) found.from_min = Number(first.value);
    if (withSetup && Number(preparing.value)) found.setup_min = Number(preparing.value);
    if (!isEver()) found.until_min = Number(end.value);
    return found;
  } };
}
