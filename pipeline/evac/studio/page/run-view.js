// A finished run: the answer, whether it can be trusted, the curve, and the lanes that hold it up.
import { clock, count, h, say } from "./dom.js";
import { boundView } from "./bound-view.js";
import { curveChart } from "./chart.js";
import { rangeView } from "./range-view.js";

export const timeWords = (run) => (run.t90_s === null ? "–" : clock(run.t90_s));

/** The case of a run in words, first what tells it from the others also where there is no room for the rest. */
export const caseWords = (run) => [run.plan_name, ...caseParts(run)].join(" · ");

function caseParts(run) {
  const parts = [say("seed {n}", { n: run.seed }), say("{n} vehicles per household", { n: run.vehicles_per_household }), run.departure];
  if (run.fidelity !== "micro") parts.push(say("coarse"));
  if (run.capacity_factor !== 1) parts.push(say("{n} % lane capacity", { n: Math.round(run.capacity_factor * 100) }));
  return parts;
}

/** The answer of a run and whether it can be trusted, as one sentence or two. */
export function answerWords(run, { times_s: times, trusted }) {
  const answer = say("{run}: {time} h until 90 % are out.", { run: caseWords(run), time: clock(times["90"]) });
  return trusted ? answer : `${answer} ${untrusted()}`;
}

const untrusted = () => say("Not trustworthy: more went wrong than this scenario's limits allow.");

/** All that a finished run says; `runs` are those of the place, which tell how far its time may be off. */
export function runView(place, run, content, runs) {
  const { times_s: times } = content;
  const out = times["100"] === null
    ? say("Not cleared: {out} of {planned} vehicles are out at the end.", { out: count(content.counts.evacuated), planned: count(content.planned) })
    : say("All {planned} vehicles are out after {time} h.", { planned: count(content.planned), time: clock(times["100"]) });
  return [
    h("h3", {}, run.plan_name), h("p", { class: "note" }, caseParts(run).join(" · ")),
    h("p", { class: "big answer" }, h("strong", {}, clock(times["90"])), ` ${say("h until 90 % are out")}`),
    verdict(content),
    rangeView(place, run, runs),
    h("p", {}, out), safetyWords(content.counts).map((text) => h("p", { class: "bad" }, text)),
    boundView(place, run),
    curveChart([{ name: run.plan_name, curve: content.curve, planned: content.planned }]),
    content.bottlenecks.length ? [h("h4", {}, say("What holds it up")), h("ol", {}, content.bottlenecks.map((item) =>
      h("li", {}, h("strong", {}, item.place), ` ${say("{hours} vehicle hours lost", { hours: count(item.delay_veh_h) })}`)))] : null,
    content.lanes.length ? laneTable(content.lanes) : null,
  ];
}

/** Whom a hazard has reached or left no way, and who is safe without being out, in words. */
function safetyWords({ in_refuge: safe, exposed, exposed_vehicle_min: minutes, households_not_out: caught }) {
  return [
    caught ? say("{n} households never get to safety.", { n: count(caught) }) : null,
    exposed ? say("{n} vehicles were on roads that the hazard had reached, for {minutes} vehicle minutes.", { n: count(exposed), minutes: count(minutes) }) : null,
    safe ? say("{n} vehicles are in a refuge: safe, and not out.", { n: count(safe) }) : null,
  ].filter(Boolean);
}

/** Whether a run can be trusted, in words. */
export function verdict({ trusted, reasons, caveats }) {
  return h("div", { class: trusted ? "verdict good" : "verdict bad" },
    h("p", {}, trusted ? say("Can be trusted as far as a simulation can: it stayed within this scenario's limits of what may go wrong.") : untrusted()),
    reasons.length ? h("ul", {}, reasons.map((text) => h("li", {}, text))) : null,
    caveats.length ? h("details", {}, h("summary", {}, caveats.length === 1 ? say("1 thing to know") : say("{n} things to know", { n: caveats.length })), h("ul", {}, caveats.map((text) => h("li", {}, text)))) : null);
}

function laneTable(lanes) {
  return h("details", {}, h("summary", {}, say("Lanes of the bottlenecks")), h("table", {},
    h("thead", {}, h("tr", {}, [say("lane"), say("vehicles a minute"), say("while a queue stands")].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, lanes.map((lane) => h("tr", {}, h("th", { scope: "row" }, `${lane.bottleneck}, ${say("lane {n} from the kerb", { n: lane.lane + 1 })}`),
      h("td", {}, lane.mean_veh_per_min?.toFixed(1) ?? "–"), h("td", {}, lane.queued_veh_per_min?.toFixed(1) ?? "–"))))));
}
