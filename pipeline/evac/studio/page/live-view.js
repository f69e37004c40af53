// A run as it goes: how far it is, the curve so far, and what calls it off.
import { sending } from "./answers.js";
import { count, clock, h, say } from "./dom.js";
import { curveChart } from "./chart.js";
import { stepWords } from "./steps.js";

/** A job that waits or runs. */
export function liveView(job, jobs, more = null) {
  const { progress = {} } = job, told = h("div", {});
  const stop = h("button", { type: "button", disabled: job.ending, onclick: sending(told, () => jobs.cancel(job)) }, job.ending ? say("Ending …") : say("Cancel"));
  return h("div", { class: "job", dataset: { job: job.id, state: job.state } },
    h("p", {}, h("strong", {}, jobWords(job)), ` · ${say("{n} vehicles per household", { n: job.asked.vehicles })}`),
    h("progress", { max: 1, value: progress.fraction ?? 0, "aria-label": say("Progress") }),
    h("p", { class: "step", role: "status" }, stateWords(job)),
    Object.entries(job.minutes ?? {}).length ? curveChart(Object.entries(job.minutes).slice(-2).map(([name, minutes]) => soFar(name, minutes, job.planned[name]))) : null,
    h("div", { class: "row" }, stop, more), told);
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
