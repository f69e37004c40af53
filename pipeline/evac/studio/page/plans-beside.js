// Two plans side by side: what each does, takes, changes on which street, and how soon the town was out under it.
import { ask, part } from "./api.js";
import { changeWords, clearChanges, drawChanges, kindWords, nameOf } from "./changes.js";
import { clock, count, fill, h, say, sayTold } from "./dom.js";
import { problemsList } from "./problems.js";

const RESOURCES = [["officers", () => say("Officers")], ["signs", () => say("Signs")], ["cones", () => say("Cones")], ["barricades", () => say("Barricades")]];

/**
 * What shows two of the plans beside each other, once it is opened.
 * @param {object} place
 * @param {object[]} plans
 */
export function plansBeside({ name, map }, plans) {
  const sound = plans.filter((plan) => !plan.problems.length);
  if (sound.length < 2) return null;
  const choice = (words, chosen) => h("select", { "aria-label": words, onchange: show }, sound.map((plan) => h("option", { value: plan.plan, selected: plan === chosen }, plan.name)));
  const a = choice(say("Plan A"), sound[0]), b = choice(say("Plan B"), sound[1]);
  const shown = h("div", {}), box = h("details", { class: "beside", ontoggle: () => (box.open ? show() : clearChanges(map)) }, h("summary", {}, say("Two plans side by side")),
    h("div", { class: "row" }, h("label", {}, say("A"), a), h("label", {}, say("B"), b)), shown);
  return box;

  async function show() {
    const chosen = [a, b].map((select) => sound.find((plan) => plan.plan === select.value)), mine = chosen.map((plan) => plan.plan).join();
    const isMine = () => box.open && box.isConnected && mine === [a.value, b.value].join();
    fill(shown, h("p", { class: "busy" }, say("Laying the plans over the network …")));
    try {
      const [runs, ...diffs] = await Promise.all([ask(`places/${part(name)}/runs`), ...chosen.map((plan) => ask(`places/${part(name)}/plans/${part(plan.plan)}/diff`))]);
      if (isMine()) fill(shown, onTheMap(map, diffs), tableOf(chosen, diffs, runs));
    } catch (error) {
      if (isMine()) fill(shown, problemsList(error));
    }
  }
}

/** Whose changes the map shows. */
function onTheMap(map, diffs) {
  const which = h("select", { onchange: draw }, [say("Plan A"), say("Plan B")].map((words, number) => h("option", { value: String(number), selected: number === 1 }, words)));
  function draw() { drawChanges(map, diffs[Number(which.value)]); }
  draw();
  return h("div", { class: "row" }, h("label", {}, say("On the map"), which));
}

function tableOf(plans, diffs, runs) {
  const cell = (content) => h("td", {}, content), row = (words, of) => h("tr", {}, h("th", { scope: "row" }, words), [0, 1].map((number) => cell(of(number))));
  const list = (texts) => (texts.length ? h("ul", {}, texts.map((text) => h("li", {}, text))) : say("nothing"));
  return h("table", { class: "two" }, h("thead", {}, h("tr", {}, h("td", {}), plans.map((plan) => h("th", { scope: "col" }, plan.name)))),
    h("tbody", {}, row(say("Does"), (i) => list(plans[i].actions.map(nameOf))),
      RESOURCES.map(([key, words]) => (plans.some((plan) => plan.resources[key]) ? row(words(), (i) => count(plans[i].resources[key])) : null)),
      row(say("Households that lose their only way out"), (i) => count(diffs[i].cut_off.features.length)),
      row(say("90 % out, in the newest run"), (i) => lastTime(plans[i], runs)),
      changesOf(diffs).map(({ words, each }) => row(words, (i) => each[i] ?? say("as it is")))));
}

function lastTime(plan, runs) {
  const run = runs.find((item) => item.plan === plan.plan);
  if (!run) return say("not run yet");
  return `${clock(run.t90_s)} h${run.trusted ? "" : ` (${say("not trustworthy")})`}`;
}

/** What changes where under the one, the other or both: a row a place. */
function changesOf(diffs) {
  const rows = new Map();
  diffs.forEach((diff, number) => diff.changes.features.forEach(({ properties: of }) => {
    const key = `${of.kind} ${of.place}`;
    const row = rows.get(key) ?? { words: `${kindWords(of.kind)}: ${sayTold(of.place)}`, each: [] };
    row.each[number] = [row.each[number], changeWords(of)].filter(Boolean).join("; ");
    rows.set(key, row);
  }));
  return [...rows.values()];
}
