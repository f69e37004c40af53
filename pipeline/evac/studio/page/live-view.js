// A run as it goes: how far it is, the curve so far, and what calls it off.
import { sending } from "./answers.js";
import { count, clock, fill, h, say } from "./dom.js";
import { curveChart } from "./chart.js";
import { stepWords } from "./steps.js";

/**
 * The view of each job that waits or runs, by its id: it stays the same element while it is told of, so that whoever is
 * about to press its button, or has come to it by keyboard, doesn't lose it. `more(job)` is a button beside it, or none.
 */
export function liveViews(jobs, more = () => null) {
  const views = new Map();
  return (job) => {
    if (!views.has(job.id)) views.set(job.id, liveView(job, jobs, more));
    const view = views.get(job.id);
    view.update(job);
    return view.element;
  };
}

function liveView(job, jobs, more) {
  const told = h("div", {}), beside = h("span", {}), curves = h("div", {});
  const bar = h("progress", { max: 1, value: 0, "aria-label": say("Progress") }), step = h("p", { class: "step" });
  const stop = h("button", { type: "button", onclick: sending(told, () => jobs.cancel(job)) });
  const element = h("div", { class: "job", dataset: { job: job.id } },
    h("p", {}, h("strong", {}, jobWords(job)), ` · ${say("{n} vehicles per household", { n: job.asked.vehicles })}`),
    bar, step, curves, h("div", { class: "row" }, stop, beside), told);
  const update = (now) => {
    const { progress = {}, minutes = {}, planned } = now;
    element.dataset.state = now.state;
    bar.value = progress.fraction ?? 0;
    step.textContent = stateWords(now);
    stop.disabled = Boolean(now.ending);
    stop.textContent = now.ending ? say("Ending …") : say("Cancel");
    if (Object.entries(minutes).length) fill(curves, curveChart(Object.entries(minutes).slice(-2).map(([name, of]) => soFar(name, of, planned[name]))));
    const button = beside.childElementCount ? null : more(now);
    if (button) fill(beside, button);
  };
  return { element, update };
}

/** What a job is about. */
export const jobWords = ({ asked }) => (asked.kind === "search" ? say("Search for a plan") : (asked.names ?? asked.plans).join(", "));

function stateWords({ state, progress = {} }) {
  if (state === "waiting") return say("waits for its turn");
  if (progress.phase === "simulating" && progress.time_s) {
    return say("{time} h after the order: {out} of {planned} out, {driving} driving, {waiting} waiting to start; {speed} times as fast as real time", {
      time: clock(progress.time_s), out: count(progress.out), planned: count(progress.planned), driving: count(progress.driving), waiting: count(progress.waiting), speed: count(progress.speed) });
  }
  return progress.text ? stepWords(progress.text) : say("begins");
}

function soFar(name, minutes, planned) {
  return { name, planned, curve: { minute: minutes.map(([time]) => time / 60),
    departed: minutes.map(([, out, driving, waiting]) => out + driving + waiting), evacuated: minutes.map(([, out]) => out) } };
}
