// Compare: two finished runs side by side, over time on the map, and by zone who gains and who loses; and handing on.
import { ask, download, part as inPath } from "./api.js";
import { newestOf, sending } from "./answers.js";
import { clock, count, fill, h, say } from "./dom.js";
import { curveChart } from "./chart.js";
import { colourKey, queueKey } from "./colour-key.js";
import { problemsList } from "./problems.js";
import { reportLink } from "./report-link.js";
import { caseWords } from "./run-view.js";

export function comparePanel(body, { name, picture, map, isOpen, choose }) {
  const shown = h("div", {}, h("p", { class: "busy" }, say("Reading the runs …")));
  const told = h("div", {});
  fill(body, h("h2", {}, say("Compare")), shown, h("h2", {}, say("Hand on")), reportLink(name, h("p", { class: "note" }, say("There is no report yet: tick “and write the report” when you run plans."))),
    h("p", {}, say("For whoever goes on with the command line: the place, its data, plans and report, a table of the runs, and a README that says how to get the same results.")),
    h("button", { type: "button", onclick: sending(told, () => download(`places/${inPath(name)}/folder`, `${name}.zip`)) }, say("All of it as a ZIP file")), told);
  map.fit(picture.bounds);
  ask(`places/${inPath(name)}/runs`).then((runs) => {
    if (!isOpen() || !shown.isConnected) return;
    if (runs.length < 2) {
      fill(shown, h("p", {}, say("Two finished runs are needed, such as of a plan and of the baseline.")), h("button", { type: "button", onclick: () => choose("runs") }, say("Run another plan")));
      return;
    }
    const choice = (id, words, chosen) => h("label", { class: "wide" }, words, h("select", { id, onchange: compare }, runs.map((run, number) => h("option", { value: String(number), selected: number === chosen }, caseWords(run)))));
    const first = Math.max(1, runs.findIndex((run, number) => number && run.plan === "baseline" && run.vehicles_per_household === runs[0].vehicles_per_household));
    const a = choice("run-a", say("A"), first), b = choice("run-b", say("B"), 0), result = h("div", {}), asked = newestOf();
    fill(shown, a, b, result);
    compare();
    async function compare() {
      const chosen = [a, b].map((label) => runs[Number(label.querySelector("select").value)]), isNewest = asked();
      fill(result, h("p", { class: "busy" }, say("Reading the runs …")));
      try {
        const read = (what) => Promise.all(chosen.map((run) => ask(`places/${inPath(name)}/runs/${inPath(run.job)}${what}`)));
        const [contents, queues] = await Promise.all([read(""), read("/queues")]);
        if (isOpen() && result.isConnected && isNewest()) fill(result, both(chosen, contents), overTime(map, picture, queues), zoneTable(map, picture, contents));
      } catch (error) {
        if (isNewest()) fill(result, problemsList(error));
      }
    }
  }, (error) => fill(shown, problemsList(error)));
}

function both(runs, contents) {
  const [a, b] = contents.map((content) => content.times_s["90"]);
  const doubts = contents.flatMap((content, number) => (content.trusted ? [] : [h("p", { class: "bad" }, say("{run} is not trustworthy: {reasons}", { run: "AB"[number], reasons: content.reasons.join("; ") }))]));
  return [
    h("p", { class: "big" }, h("strong", {}, clock(a)), " → ", h("strong", {}, clock(b)), ` ${say("h until 90 % are out")}`),
    ["vehicles_per_household", "departure", "fidelity", "capacity_factor"].some((part) => runs[0][part] !== runs[1][part])
      ? h("p", { class: "bad" }, say("These are different cases: what differs is more than the plan.")) : null,
    a !== null && b !== null ? h("p", {}, differenceWords(minutesBetween(a, b))) : null,
    h("p", { class: "note" }, say("One run each: chance alone moves such a time by a few minutes. Five seeds tell more.")),
    doubts, curveChart(contents.map((content, number) => ({ name: `${"AB"[number]}: ${runs[number].plan_name}`, curve: content.curve, planned: content.planned }))),
  ];
}

/** How much later B is, in the minutes that are shown: 1:03 and 1:01 are 2 min apart. */
const minutesBetween = (a, b) => Math.round(b / 60) - Math.round(a / 60);

function differenceWords(minutes) {
  if (!minutes) return say("No difference to the minute.");
  return minutes < 0 ? say("B is {n} min sooner.", { n: count(-minutes) }) : say("B is {n} min later.", { n: count(minutes) });
}

/** Where vehicles queue on the map, at the time of a slider, in A or B. */
function overTime(map, picture, queues) {
  const steps = Math.max(1, ...queues.map((item) => item.steps)), stepS = queues[0].step_s;
  const roads = new Map(picture.roads.features.map((item) => [item.properties.edge, item]));
  const slider = h("input", { type: "range", min: "0", max: String(steps - 1), value: "0", class: "time", "aria-label": say("Time after the order"), oninput: draw });
  const which = h("select", { id: "which-run", "aria-label": say("Run on the map"), onchange: draw }, ["A", "B"].map((item, number) => h("option", { value: String(number) }, item)));
  const said = h("output", {});
  function draw() {
    const at = Number(slider.value), { edges } = queues[Number(which.value)];
    const features = Object.entries(edges).filter(([edge, values]) => values[at] && roads.has(edge)).map(([edge, values]) => {
      const road = roads.get(edge);
      return { ...road, properties: { queue: values[at], words: say("{street}: {n} vehicles queue", { street: road.properties.street || say("unnamed road"), n: count(values[at]) }) } };
    });
    map.put("queues", { type: "FeatureCollection", features });
    said.textContent = say("{time} h after the order: {n} vehicles queue", { time: clock(at * stepS), n: count(Object.values(edges).reduce((sum, values) => sum + (values[at] ?? 0), 0)) });
  }
  const worst = Math.max(0, ...queues.map(({ edges }) => busiest(edges)));
  slider.value = String(worst);
  draw();
  map.see(queues.flatMap(({ edges }) => Object.keys(edges).map((edge) => roads.get(edge))).filter(Boolean));
  return h("fieldset", {}, h("legend", {}, say("Queues on the map")), h("div", { class: "row" }, which, said), slider, queueKey());
}

function busiest(edges) {
  const sums = [];
  for (const values of Object.values(edges)) values.forEach((value, step) => { sums[step] = (sums[step] ?? 0) + value; });
  return sums.reduce((best, value, step) => (value > (sums[best] ?? 0) ? step : best), 0);
}

function signed(minutes) {
  return say("{n} min", { n: `${minutes > 0 ? "+" : ""}${minutes < 0 ? "−" : ""}${Math.abs(minutes)}` });
}

function zoneTable(map, picture, [a, b]) {
  const rows = Object.keys(a.zones).filter((zone) => b.zones[zone]).map((zone) => ({ zone, a: a.zones[zone].t90_s, b: b.zones[zone].t90_s }));
  const later = ({ a: then, b: now }) => (then === null || now === null ? null : minutesBetween(then, now));
  rows.sort((x, y) => (later(x) ?? 0) - (later(y) ?? 0));
  const of = new Map(rows.map((row) => [row.zone, later(row)]));
  map.put("gains", { type: "FeatureCollection", features: picture.zones.features.filter((item) => of.get(item.properties.zone)).map((item) =>
    ({ ...item, properties: { zone: item.properties.zone, later_min: of.get(item.properties.zone), households: item.properties.households } })) });
  const minutes = (value) => (value === null ? "–" : signed(value));
  return [h("table", {}, h("caption", {}, say("Who gains and who loses: 90 % of a zone out, h after the order")),
    h("thead", {}, h("tr", {}, [say("zone"), "A", "B", say("difference")].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row" }, row.zone), h("td", {}, clock(row.a)), h("td", {}, clock(row.b)), h("td", { class: later(row) > 0 ? "bad" : "" }, minutes(later(row))))))),
  colourKey([["more", say("sooner out under B")], ["fewer", say("later out under B")]])];
}
