// How long it takes, as far as it is known, beside the place itself; and one button that finds it out.
import { ask, part } from "./api.js";
import { sending } from "./answers.js";
import { clock, fill, h, say } from "./dom.js";
import { nextStep } from "./next-step.js";

const BASELINE = "baseline";

/** The answer of the newest run without a plan, else what makes one. */
export function firstAnswer({ name, jobs, choose, picture: { cases } }) {
  const element = h("div", { role: "status" }), told = h("div", {});
  const run = sending(told, async () => {
    await jobs.run(name, { plans: [BASELINE] });
    if (element.isConnected) choose("runs");
  });
  const watch = [say("Watch it"), () => choose("runs")], plan = [say("Try a plan"), () => choose("plans")];
  ask(`places/${part(name)}/runs`).then((runs) => {
    const middle = cases.vehicles[Math.floor((cases.vehicles.length - 1) / 2)], present = runs.filter((item) => !item.older && item.fidelity === "micro");
    const now = present.find((item) => item.plan === BASELINE && item.vehicles_per_household === middle) ?? present.find((item) => item.plan === BASELINE) ?? present[0];
    if (jobs.of(name).some((job) => job.state === "running" || job.state === "waiting")) fill(element, nextStep(say("It is being worked out how long it takes."), watch));
    else if (!now) fill(element, nextStep(say("Are these the ways out, and is none missing? Then let all cars leave, without a plan: it takes a minute or a few."), [say("How long does it take?"), run]), told);
    else fill(element, nextStep(inWords(now), [say("See it"), () => choose("runs")], plan));
  }, () => { /* the other panels say what is wrong */ });
  return element;
}

function inWords({ t90_s: time, plan, plan_name: name, trusted }) {
  const under = plan === BASELINE ? say("without a plan") : name;
  const answer = time === null ? say("Fewer than 90 % get out, {under}.", { under }) : say("After {time} h 90 % are out, {under}.", { time: clock(time), under });
  return trusted ? answer : `${answer} ${say("This isn't trustworthy: see why.")}`;
}
