// How far the time of a run may be off, as far as other runs of the same plan tell; and what finds out.
import { sending } from "./answers.js";
import { clock, count, h, say } from "./dom.js";

const SEEDS = 3;

/** The range beside a run's answer, and a button that finds it where it isn't known. */
export function rangeView(place, run, runs) {
  if (run.older) return again(place, run);
  return h("div", { class: "range" }, rangeWords(run.range).map((text, at) => h("p", { class: at || run.range.runs === 1 ? "note" : "between" }, text)), findOut(place, run, runs));
}

function rangeWords({ runs, vehicles, least_s: least, most_s: most, untrusted, seeds, mean_s: mean, low_s: low, high_s: high }) {
  if (runs === 1) return [say("How far chance and the number of cars move this time isn't known: it was run once.")];
  const span = most === null ? say("In some of {n} runs it never gets that far; the soonest: {time} h.", { n: count(runs), time: clock(least) })
    : say("Between {least} and {most} h in {n} runs.", { least: clock(least), most: clock(most), n: count(runs) });
  const of = vehicles.length > 1 ? say("With {cases} vehicles per household; chance decides who leaves when and how they drive.", { cases: vehicles.join(", ") }) : say("They differ by chance alone: who leaves when, and how they drive.");
  return [span, of,
    low === null ? null : say("With as many vehicles as here {mean} h on average of {n} runs (95 % interval: {low} to {high} h).", { mean: clock(mean), n: count(seeds), low: clock(low), high: clock(high) }),
    untrusted ? say("{n} of these runs aren't trustworthy.", { n: count(untrusted) }) : null].filter(Boolean);
}

/** A button that runs what tells how far the time may be off: two seeds more, and the other numbers of vehicles. */
function findOut({ name, jobs, picture: { cases } }, run, runs) {
  const told = h("div", {}), first = Number(cases.seeds[0]);
  const wanted = [{ vehicles: run.vehicles_per_household, seeds: Array.from({ length: SEEDS }, (_, i) => first + i) },
    ...cases.vehicles.filter((vehicles) => vehicles !== run.vehicles_per_household).map((vehicles) => ({ vehicles, seeds: [first] }))];
  const isThere = (vehicles, seed) => runs.some((other) => !other.older && other.vehicles_per_household === vehicles && other.seed === seed
    && ["plan", "departure", "fidelity", "capacity_factor", "signals"].every((part) => other[part] === run[part]));
  const missing = wanted.map(({ vehicles, seeds }) => ({ vehicles, seeds: seeds.filter((seed) => !isThere(vehicles, seed)) })).filter(({ seeds }) => seeds.length);
  const number = missing.reduce((sum, { seeds }) => sum + seeds.length, 0);
  if (!number || run.fidelity !== "micro" || run.capacity_factor !== 1 || run.signals) return null;
  const find = sending(told, async () => {
    for (const { vehicles, seeds } of missing) jobs.asides.add((await jobs.run(name, { plans: [run.plan], departure: run.departure, vehicles, seeds })).id);
  });
  return [h("button", { type: "button", onclick: find }, number === 1 ? say("Find out how far it may be off (1 run more)") : say("Find out how far it may be off ({n} runs more)", { n: count(number) })), told];
}

function again({ name, jobs }, run) {
  const told = h("div", {});
  const run_again = sending(told, () => jobs.run(name, { plans: [run.plan], departure: run.departure, vehicles: run.vehicles_per_household, seeds: [run.seed], fidelity: run.fidelity }));
  return h("div", { class: "range" }, h("p", { class: "bad" }, say("From before a change: the place, the plan or evac itself is another now.")), h("button", { type: "button", onclick: run_again }, say("Run it as it is now")), told);
}
