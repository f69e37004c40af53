// The page: a head with the place, the map, and beside it a panel for each thing that a person does.
import { ask, listen, part, Refused } from "./api.js";
import { fill, h, say } from "./dom.js";
import { comparePanel } from "./compare-panel.js";
import { Jobs } from "./jobs.js";
import { PlaceMap } from "./map.js";
import { newPlace } from "./new-place.js";
import { placePanel, undoRow } from "./place-panel.js";
import { plansPanel } from "./plans-panel.js";
import { pointOn, problemsList } from "./problems.js";
import { runsPanel } from "./runs-panel.js";
import { ScenarioFile } from "./scenario-file.js";
import { stepWords } from "./steps.js";

const PANELS = [
  { key: "place", title: () => say("Where"), make: placePanel },
  { key: "plans", title: () => say("What if"), make: plansPanel },
  { key: "runs", title: () => say("Go"), make: runsPanel },
  { key: "compare", title: () => say("Compare"), make: comparePanel },
];

/**
 * Build the page, and open the place that the address names, else the first.
 * @param {HTMLElement} root
 */
export async function start(root) {
  let { workspace, places } = await ask("places");
  const status = h("p", { class: "status", role: "status" });
  const map = new PlaceMap(), jobs = new Jobs();
  pointOn(map);
  jobs.follow();
  let shown = null;
  jobs.hear((_, kind, content) => {
    if (kind !== "scenario") return;
    if (!content.tag || !places.some((item) => item.place === content.place)) readPlaces().catch(() => { /* what is chosen next says what is wrong */ });
    if (content.place !== shown?.place || !shown.isNews(content.tag)) return;
    const { place } = shown;
    if (!content.tag) { status.textContent = say("The place has been removed elsewhere."); return; }
    fill(status, say("The place has been changed elsewhere. "), h("button", { type: "button", class: "small", onclick: () => open(place, null, true) }, say("Show it as it is now")));
  });
  let absence = null; // the page is only just opened
  jobs.hear(() => {
    const before = absence, now = jobs.absence();
    if (now === before || (before === null && now)) return;
    absence = now;
    if (now || before) status.textContent = now || say("The studio is there again.");
  });
  const panel = h("div", { class: "panel" });
  const chooser = h("select", { id: "place", onchange: () => open(chooser.value) });
  const head = h("div", { class: "places" }, h("label", { for: "place" }, say("Place")), chooser, h("button", { type: "button", class: "edits", onclick: () => makePlace() }, say("New place")));
  const listPlaces = () => {
    const { value } = chooser;
    head.hidden = !places.length;
    fill(chooser, places.map((item) => h("option", { value: item.place }, item.name)));
    chooser.value = value;
  };
  const readPlaces = async () => {
    ({ workspace, places } = await ask("places"));
    listPlaces();
  };
  listPlaces();
  jobs.hear((_, kind, content) => {
    if (kind === "job" && content.asked.kind === "new" && content.state === "done") readPlaces().catch(() => { /* what is chosen next says what is wrong */ });
  });
  fill(root,
    h("a", { class: "skip", href: "#panel" }, say("To the panel")),
    h("header", {}, h("h1", {}, "evac studio"), head, status),
    h("main", {}, map.element, h("section", { class: "side", id: "panel", "aria-label": say("Panel") }, panel)),
  );
  document.title = `${workspace} – evac studio`;
  let opened = 0, leave = null;

  function left() {
    leave?.();
    leave = null;
    opened += 1;
    map.reset();
    return opened;
  }

  function makePlace() {
    const before = chooser.value || places[0]?.place;
    const mine = left();
    map.clear();
    chooser.selectedIndex = -1;
    panel.parentElement.scrollTop = 0;
    history.replaceState(null, "", "#new");
    leave = newPlace(panel, { map, jobs, opened: async (name, tab) => {
      await readPlaces();
      if (mine === opened) open(name, tab);
    }, back: places.length ? () => open(before) : null });
    root.dataset.state = "ready";
  }

  async function open(name, tab, stay = false) {
    const mine = left(), isMine = () => mine === opened;
    const listed = places.find((item) => item.place === name) ?? places[0];
    chooser.value = listed.place;
    root.dataset.state = "preparing";
    fill(panel, h("p", { class: "busy" }, say("Preparing {place} …", { place: listed.name })));
    if (!stay) map.clear();
    map.begin();
    const now = () => new URLSearchParams(location.hash.slice(1)).get("tab") ?? tab;
    const file = shown = new ScenarioFile(listed.place, () => open(listed.place, now(), true));
    try {
      const [picture] = await Promise.all([ask(`places/${part(listed.place)}/picture`), // given when it is made
        prepared(listed.place, (text) => { if (isMine()) status.textContent = text; })]);
      if (!isMine()) return;
      status.textContent = "";
      await map.show(picture, stay);
      if (!isMine()) return;
      showTabs({ name: listed.place, picture, map, jobs, file, isOpen: isMine }, tab);
      if (mine > 1 && document.activeElement === document.body) panel.querySelector("#tabpanel").focus({ preventScroll: true }); // what had the focus is gone
      root.dataset.state = "ready";
    } catch (error) {
      if (!isMine()) return;
      status.textContent = "";
      fill(panel, h("h2", {}, listed.name), problemsList(error), h("div", { class: "row" }, h("button", { type: "button", onclick: () => open(listed.place, now()) }, say("Try again"))), undoRow(file));
      root.dataset.state = "failed";
    }
  }

  function showTabs(place, wanted) {
    const body = h("div", { class: "body", role: "tabpanel", id: "tabpanel", tabindex: "-1" });
    const tabs = PANELS.map((item) => h("button", { role: "tab", id: `tab-${item.key}`, type: "button", "aria-controls": "tabpanel",
      onclick: () => choose(item) }, item.title()));
    const row = h("div", { class: "tabs", role: "tablist", "aria-label": say("What to do"), onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const at = tabs.indexOf(document.activeElement);
      if (!step || at < 0) return;
      event.preventDefault();
      const next = (at + step + tabs.length) % tabs.length;
      tabs[next].focus();
      choose(PANELS[next]);
    } }, tabs);
    function choose(item) {
      leave?.();
      leave = null;
      map.reset();
      tabs.forEach((tab, number) => {
        const chosen = PANELS[number] === item;
        tab.setAttribute("aria-selected", String(chosen));
        tab.tabIndex = chosen ? 0 : -1;
      });
      body.setAttribute("aria-labelledby", `tab-${item.key}`);
      history.replaceState(null, "", `#${new URLSearchParams({ place: place.name, tab: item.key })}`);
      panel.parentElement.scrollTop = 0;
      leave = item.make(body, { ...place, choose: (key) => choose(PANELS.find((other) => other.key === key)) }) ?? null;
    }
    fill(panel, row, body);
    choose(PANELS.find((item) => item.key === wanted) ?? PANELS[0]);
  }

  const wanted = new URLSearchParams(location.hash.slice(1));
  if (places.length && !wanted.has("new")) await open(wanted.get("place") ?? places[0].place, wanted.get("tab"));
  else makePlace();
}

/** Wait until a place is prepared; what is done meanwhile is told. */
async function prepared(name, tell) {
  let failed = null;
  await listen(`places/${part(name)}/prepare`, (kind, content) => {
    if (kind === "step") tell(stepWords(content.text));
    if (kind === "failed") failed = content;
  });
  if (failed) throw new Refused(422, failed);
}
