// Go: run plans, watch them, and look at the runs of earlier days.
import { ask, part } from "./api.js";
import { newestOf, sendingForm } from "./answers.js";
import { count, fill, h, say } from "./dom.js";
import { LiveCars } from "./live-cars.js";
import { jobWords, liveViews } from "./live-view.js";
import { nextStep } from "./next-step.js";
import { problemsList } from "./problems.js";
import { reportLink, searchPageButton } from "./report-link.js";
import { answerWords, caseWords, runView, timeWords } from "./run-view.js";
import { foundView } from "./search-form.js";

export function runsPanel(body, place) {
  const { name, jobs, isOpen } = place;
  const list = h("ul", { class: "runs" }, h("li", { class: "busy" }, say("Reading the runs …")));
  const shown = h("div", { class: "run" });
  const cars = new LiveCars(place);
  const said = h("p", { class: "unseen", role: "status" }); // the answer of a run that has just ended, to be read aloud
  const live = h("div", { class: "live" }), found = h("div", { "aria-live": "polite" }), report = h("div", {}, reportLink(name));
  const start = [h("h2", {}, say("Run")), startForm(place)], isNarrow = window.matchMedia("(max-width: 760px)").matches; // there one looks, more than one runs
  fill(body, isNarrow ? null : start, live, said, found, cars.element, report, shown, isNarrow ? start : null, h("h2", {}, say("Finished runs")), list);
  place.map.fit(place.picture.bounds); // cars drive everywhere
  let chosen = null, told = null, running = new Map(), known = [];
  const asked = newestOf();

  async function readRuns(wanted) {
    fill(said); // the same words twice would be read once
    const isNewest = asked();
    try {
      const runs = await ask(`places/${part(name)}/runs`);
      if (!isOpen() || !list.isConnected || !isNewest()) return;
      const now = runs.filter((run) => !run.older), before = runs.filter((run) => run.older);
      known = runs;
      fill(list, runs.length ? now.map((run) => row(run)) : h("li", {}, say("Nothing has been run here yet: choose plans above, and press Run.")),
        before.length ? h("li", {}, h("details", { open: !now.length }, h("summary", {}, say("From before the place, the plan or evac was changed ({n})", { n: count(before.length) })), h("ul", { class: "runs" }, before.map((run) => row(run))))) : null);
      const run = runs.find((item) => item.job === (wanted ?? chosen)) ?? now[0] ?? before[0];
      const content = run ? await choose(run) : null;
      if (content && run.job === wanted) { fill(said, answerWords(run, content)); shown.scrollIntoView({ block: "nearest" }); }
    } catch (error) {
      if (isNewest()) fill(list, h("li", {}, problemsList(error)));
    }
  }

  function row(run) {
    return h("li", {}, h("button", { type: "button", "aria-pressed": "false", dataset: { job: run.job }, onclick: () => choose(run) },
      h("span", { class: "time" }, timeWords(run)), h("span", {}, caseWords(run)), run.trusted ? null : h("span", { class: "bad" }, say("not trustworthy"))));
  }

  async function choose(run) {
    chosen = run.job;
    for (const button of list.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.job === run.job));
    try {
      const content = await ask(`places/${part(name)}/runs/${part(run.job)}`);
      if (chosen !== run.job) return null;
      fill(shown, runView(place, run, content, known), whatNext(place, known));
      return content;
    } catch (error) {
      if (chosen === run.job) fill(shown, problemsList(error));
      return null;
    }
  }

  readRuns();
  const view = liveViews(jobs, (job) => (job.asked.kind === "search" && job.state === "running" ? searchPageButton(name) : null));
  const deaf = jobs.hear(() => {
    const mine = jobs.of(name), going = mine.filter((job) => job.state === "running" || job.state === "waiting");
    const ended = mine.filter((job) => running.has(job.id) && !going.includes(job));
    fill(live, jobs.connected ? null : h("p", { class: "bad" }, jobs.absence()),
      going.map(view), ended.filter((job) => job.state === "failed").map((job) => failure(job)));
    cars.follow(jobs.connected ? going.find((job) => job.state === "running") : null); // anew after a break
    const done = ended.find((job) => job.state === "done");
    running = new Map([...going.map((job) => [job.id, job]), ...ended.filter((job) => job.state === "failed").map((job) => [job.id, job])]);
    const search = mine.find((job) => job.asked.kind === "search");
    const ending = search?.state === "done" ? search.id : null;
    if (ending !== told) { // it is read aloud: not at each word of another run
      told = ending;
      fill(found, told ? foundView(search.told, place, searchPageButton(name)) : null);
    }
    if (done && done.asked.kind !== "search") { readRuns(jobs.asides.has(done.id) ? null : done.told.runs.at(-1)); fill(report, reportLink(name)); }
  });
  return () => { deaf(); cars.stop(); };
}

/** What to do with an answer: something about it, or see what that has bought. */
function whatNext({ choose }, runs) {
  const plans = new Set(runs.filter((run) => !run.older).map((run) => run.plan));
  const change = [say("Try a plan"), () => choose("plans")], compare = [say("Compare two runs"), () => choose("compare")];
  return plans.size > 1 ? nextStep(say("What has the plan bought, and for whom?"), compare, change) : nextStep(say("What could be done about it? Turn a lane round, close a road, put an officer at a junction."), change);
}

function failure(job) {
  return h("div", { class: "job failed" }, h("p", { class: "bad" }, say("{plans}: failed", { plans: jobWords(job) })),
    problemsList({ problems: job.told.problems, message: job.told.error }));
}

/** What to run: plans, vehicles per household, departures, seeds. */
function startForm({ name, picture, jobs, isOpen }) {
  const plans = h("fieldset", { class: "plans" }, h("legend", {}, say("Plans")));
  const choice = (id, values, chosen, words = (value) => value) => h("select", { id }, values.map((value) => h("option", { value, selected: value === chosen }, words(value))));
  const { vehicles, departures, seeds } = picture.cases;
  const cars = choice("vehicles", vehicles, vehicles[Math.floor((vehicles.length - 1) / 2)]);
  const curve = choice("departure", departures, departures[0]);
  const number = choice("seeds", ["1", "3", "5"], "1", (n) => (n === "1" ? say("run once") : say("run {n} times, with an interval", { n })));
  const how = h("select", { id: "fidelity" }, [["micro", say("every car: minutes")], ["meso", say("screening: seconds, coarse")]].map(([value, words]) => h("option", { value }, words)));
  const hint = h("p", { class: "hint", hidden: true }, say("Good to sort plans by, not to decide by. The first time on a place it is fitted to a few runs of every car without a plan, and says how far off it is; so the baseline is always with it."));
  how.addEventListener("change", () => { hint.hidden = how.value === "micro"; withReport.disabled = how.value !== "micro"; });
  const said = h("span", {}), withReport = h("input", { type: "checkbox" });
  const told = h("div", {});
  const go = h("button", { class: "primary", type: "submit", disabled: true }, say("Run"));
  const form = h("form", { class: "start", onsubmit: sendingForm(told, run) }, plans,
    h("details", {}, h("summary", {}, said), h("div", { class: "row" }, h("label", {}, say("Vehicles per household"), cars), h("label", {}, say("Departures"), curve),
      h("label", {}, say("Repeated"), number)), h("label", { class: "check" }, withReport, say("and write the report"))),
    h("label", { class: "wide" }, say("How exactly"), how), hint, go, told);
  const tell = () => fill(said, say("{n} vehicles per household", { n: cars.value }), `; ${say("departures: {curve}", { curve: curve.value })}; ${number.selectedOptions[0].textContent}`, withReport.checked && !withReport.disabled ? `; ${say("with the report")}` : null);
  form.addEventListener("change", tell);
  tell();
  const chosen = () => [...plans.querySelectorAll("input:checked")].map((box) => box.value);
  function run() {
    const first = Number(seeds[0]);
    return jobs.run(name, { plans: chosen(), fidelity: how.value, report: withReport.checked && !withReport.disabled, vehicles: cars.value, departure: curve.value, seeds: Array.from({ length: Number(number.value) }, (_, i) => first + i) });
  }
  ask(`places/${part(name)}/plans`).then((found) => {
    if (!isOpen()) return;
    const last = sessionStorage.getItem(`plan of ${name}`) ?? "baseline";
    fill(plans, h("legend", {}, say("Plans")), found.map((plan) => h("label", { class: "check" },
      h("input", { type: "checkbox", value: plan.plan, checked: plan.plan === last, disabled: plan.problems.length > 0,
        onchange: () => { go.disabled = !chosen().length; } }),
      plan.problems.length ? say("{plan} (has mistakes)", { plan: plan.name }) : plan.name)));
    go.disabled = !chosen().length;
  }, (error) => fill(told, problemsList(error)));
  return form;
}
