// A place that isn't there yet: an extract, an area drawn on it, who lives there; then it is made, and run.
import { ask, part } from "./api.js";
import { newestOf, sending, sendingForm } from "./answers.js";
import { drawPolygon } from "./draw-polygon.js";
import { count, fill, h, say } from "./dom.js";
import { fileButton } from "./file-button.js";
import { liveViews } from "./live-view.js";
import { problemsList } from "./problems.js";
import { centreOf } from "./targets.js";

const NONE = { type: "FeatureCollection", features: [] };
/** Where the page asks for what an option of the command gives: problems speak of these. */
const FIELDS = { "--households": () => say("How many households live there"), "--count": () => say("Column of the file with the counts"), "--polygon": () => say("2. The area that is ordered to leave"),
  "--osm": () => say("1. The map"), "--as": () => say("4. The name") };
const OPTION = /--[a-z-]+(?: [A-Z]+)?/g;
const POLYGONS = ".geojson,.json,.gpkg,.kml,.zip";

/**
 * Show what makes a place.
 * @param {HTMLElement} panel
 * @param {{map: object, jobs: object, opened: (place: string, tab: string) => Promise<void>, back: (() => void)|null}} page `back` leaves it
 * @returns {() => void} what ends it
 */
export function newPlace(panel, { map, jobs, opened, back }) {
  const state = { area: null, households: null, covers: null, drawing: null, job: null, seen: null };
  const told = { map: h("div", {}), area: h("div", {}), find: h("div", {}), households: h("div", {}), name: h("div", {}), all: h("div", {}) }, going = h("div", {});
  const extracts = h("select", { id: "extract", onchange: () => showExtract(extracts.value) });
  const said = h("p", { class: "area-said", role: "status" }, say("No area yet."));
  const draw = h("button", { type: "button", disabled: true, onclick: () => { ofAreas(); map.fit(state.covers); begin(); } }, say("Draw it"));
  const less = h("button", { type: "button", class: "small", onclick: () => state.drawing.back() }, say("Take the last corner back")), complete = h("button", { type: "button", class: "small", onclick: () => state.drawing.finish() }, say("The area is complete"));
  const corners = h("div", { hidden: true }, h("p", { class: "hint" }, say("Click the corners on the map, one after the other, and the last one twice. Without a mouse: move the map with the arrow keys, and take its middle.")),
    h("div", { class: "row" }, h("button", { type: "button", class: "small", onclick: () => state.drawing.corner() }, say("Corner at the middle of the map")), less, complete));
  const wanted = h("input", { type: "text", id: "find", maxlength: "200", placeholder: say("town, county, country"), onkeydown: (event) => {
    if (event.key === "Enter") { event.preventDefault(); search(); }
  } });
  const search = sending(told.find, find, () => say("Asking OpenStreetMap …"));
  const homes = h("input", { type: "number", min: "1", max: "10000000", id: "homes", placeholder: say("estimated from buildings") });
  const column = h("input", { type: "text", id: "column", placeholder: "households" });
  const columnLabel = h("label", { class: "wide", hidden: true }, say("Column of the file with the counts"), column);
  const name = h("input", { type: "text", id: "place-name", maxlength: "80" });
  const make = h("button", { class: "primary", type: "submit" }, say("Make it and run it"));
  const ofExtracts = newestOf(), ofAreas = newestOf(), look = sending(going, (place) => opened(place, "runs"));
  fill(panel, h("form", { class: "new-place", onsubmit: submit },
    back ? h("button", { type: "button", onclick: back }, say("Back, without a new place")) : null, h("h2", {}, say("A new place")),
    h("p", { class: "note" }, say("How long until everybody is out? Give a map, draw the area that is ordered to leave, and press the button at the end: the first answer takes a minute or a few. All of it can be changed afterwards.")),
    h("fieldset", {}, h("legend", {}, say("1. The map")), h("label", { class: "wide", for: "extract" }, say("Where the roads come from")), extracts,
      fileButton("extract", say("Send a map file"), ".pbf,.osm,.gz,.bz2", (sent) => readExtracts(sent), told.map), h("p", { class: "hint" }, say("An extract of OpenStreetMap, such as liechtenstein.osm.pbf; download.geofabrik.de has them for most of the world.")), told.map),
    h("fieldset", {}, h("legend", {}, say("2. The area that is ordered to leave")), said,
      h("div", { class: "row" }, draw, fileButton("area", say("or send a file"), POLYGONS, (sent) => understood(sent, say("The area of {file}", { file: sent })), told.area)), corners,
      h("label", { class: "wide", for: "find" }, say("or find a town or district by its name (needs the internet)")), h("div", { class: "row" }, wanted, h("button", { type: "button", onclick: search }, say("Find it"))), told.find, told.area),
    h("fieldset", {}, h("legend", {}, say("3. Households")), h("label", { class: "wide", for: "homes" }, say("How many households live there")), homes,
      fileButton("households", say("or a file with counts"), POLYGONS, (sent) => { state.households = sent; columnLabel.hidden = false; }, told.households), columnLabel, told.households),
    h("fieldset", {}, h("legend", {}, say("4. The name")), h("label", { class: "wide", for: "place-name" }, say("What to call it")), name, told.name),
    make, told.all, going));
  readExtracts();
  let over = false;
  const view = liveViews(jobs);
  const deaf = jobs.hear(follow);
  return () => { over = true; deaf(); state.drawing?.stop(); };

  /** Show how far the place is that is being made. */
  function follow(all) {
    const isGoing = (item) => item.asked.kind === "new" && (item.state === "running" || item.state === "waiting");
    state.seen = all.all.find(isGoing)?.id ?? state.seen; // of before the page was loaded, or of another tab
    const job = all.all.find((item) => item.id === (state.job ?? state.seen));
    if (!job) return;
    if (job.state === "done") {
      if (job.id === state.job) look(job.place);
      else fill(going, h("div", { class: "job" }, h("p", {}, say("{place} is made and run.", { place: job.asked.name })), h("button", { type: "button", onclick: () => look(job.place) }, say("Look at it"))));
      return;
    }
    if (job.state === "failed" || job.state === "cancelled") {
      state.job = state.seen = null;
      fill(going);
      make.disabled = false;
      if (job.state === "failed") tell({ problems: job.told.problems ?? [], message: job.told.error }, job.asked);
      return;
    }
    const isNew = !going.childElementCount;
    fill(going, view(job));
    if (isNew) going.scrollIntoView({ block: "nearest" });
  }

  async function readExtracts(newest) {
    const isNewest = ofExtracts();
    try {
      const names = await ask("extracts");
      if (over || !isNewest()) return;
      fill(extracts, names.map((item) => h("option", { value: item, selected: item === newest }, item)), h("option", { value: "" }, say("OpenStreetMap, over the internet")));
      await showExtract(newest ?? names[0] ?? "");
    } catch (error) {
      fill(told.map, problemsList(error));
    }
  }

  async function showExtract(file) {
    draw.disabled = true;
    fill(told.map);
    if (!file) {
      map.explain(state.area ? "" : say("Find the town by its name; or send a map file, and draw the area on it."));
      if (!state.area) said.textContent = say("Find it by its name below; to draw it, send a map file first.");
      return;
    }
    map.explain("");
    const before = said.textContent, isElsewhere = () => over || extracts.value !== file;
    said.textContent = say("Reading {file} …", { file });
    if (!map.map) map.explain(said.textContent);
    try {
      const { roads, towns, bounds } = await ask(`extracts/${part(file)}/picture`);
      if (isElsewhere()) return;
      await map.show({ bounds, roads, area: NONE, exits: NONE, zone_names: namesOf(towns) });
      if (isElsewhere()) return;
      state.covers = bounds;
      draw.disabled = false;
      map.explain("");
      if (state.area) { said.textContent = before; map.put("area", state.shape); } else begin();
    } catch (error) {
      if (isElsewhere()) return;
      stopDrawing();
      map.clear();
      map.explain("");
      said.textContent = say("Send another map file.");
      fill(told.map, problemsList({ ...error, problems: error.problems?.map(onThePage), message: error.message }));
    }
  }

  function stopDrawing() {
    state.drawing?.stop();
    if (state.drawing) map.explain("");
    state.drawing = null;
    corners.hidden = true;
  }

  async function find() {
    const isNewest = ofAreas();
    const found = await ask("find", { method: "POST", body: { name: wanted.value } });
    if (over || !isNewest()) return;
    await understood(found.area, say("The area of {name}", { name: found.name }));
    name.value ||= found.name.split(",")[0];
  }

  function begin() {
    stopDrawing();
    setArea(null, NONE, say("Click the first corner on the map."));
    fill(told.area);
    map.put("marks", NONE);
    corners.hidden = false;
    map.explain(say("Click the corners of the area that is ordered to leave."), true);
    less.disabled = complete.disabled = true;
    state.drawing = drawPolygon(map, {
      changed: (n) => {
        map.explain(n < 3 ? say("Click the corners of the area that is ordered to leave.") : say("Click the last corner once more when the area is complete."), true);
        less.disabled = n < 1;
        complete.disabled = n < 3;
        said.textContent = !n ? say("Click the first corner on the map.") : n === 1 ? say("1 corner so far.") : say("{n} corners so far.", { n });
      },
      done: (geometry) => {
        state.drawing = null;
        map.explain("");
        draw.textContent = say("Draw it anew");
        const area = { type: "FeatureCollection", features: [{ type: "Feature", properties: {}, geometry }] };
        understood(area, say("An area with {n} corners", { n: count(geometry.coordinates[0].length - 1) }));
      },
    });
  }

  /** Take an area that was drawn, found or sent, as the server understands it: on the map, with what is odd about it. */
  async function understood(given, words) {
    fill(told.area, h("p", { class: "busy" }, say("Reading the area …")));
    map.put("marks", NONE);
    const isNewest = ofAreas(), isElsewhere = () => over || !isNewest();
    try {
      const { area, bounds, km2, crossings } = await ask("areas", { method: "POST", body: { area: given } });
      if (isElsewhere()) return;
      fill(told.area);
      stopDrawing();
      if (!map.map || !extracts.value) await map.show({ bounds, roads: NONE, area: NONE, exits: NONE });
      if (isElsewhere()) return;
      map.explain("");
      setArea(given, area, say("{what}: {size}.", { what: words, size: sizeWords(km2) }));
      map.fit(bounds);
      if (extracts.value && state.covers && !overlap(bounds, state.covers)) fill(told.area, h("p", { class: "bad" }, say("This isn't where the map is: send a map file of this place, or draw the area on the map that there is.")));
      if (crossings.length) {
        mark(crossings, say("The outline crosses itself here."));
        fill(told.area, h("p", { class: "bad" }, say("The outline crosses itself where the red mark is: look whether this is the area that is meant, or draw it anew.")));
      }
    } catch (error) {
      if (isElsewhere()) return;
      setArea(null, NONE, say("No area yet."));
      fill(told.area, problemsList(error));
    }
  }

  function setArea(area, shape, words) {
    state.area = area;
    state.shape = shape;
    corners.hidden = true;
    map.put("area", shape);
    said.textContent = words;
  }

  function mark(spots, text) {
    map.put("marks", { type: "FeatureCollection", features: spots.map((coordinates, id) => ({ type: "Feature", id, properties: { severity: "error", text }, geometry: { type: "Point", coordinates } })) });
  }

  /** Say what is wrong beside the step that it is about; what is about the area also on the map. */
  function tell(error, asked = {}) {
    const steps = { map: ["the extract", asked.extract], area: ["the area", "--polygon", "scenario.yaml: exits", asked.area], households: ["the households", "--households", "--count", asked.households], name: ["the place's name", "the plan's name"] };
    const stepOf = ({ where }) => Object.keys(steps).find((step) => steps[step].some((start) => start && where.startsWith(start))) ?? "all";
    for (const [step, problems] of Object.entries(Object.groupBy(error.problems, stepOf))) fill(told[step], problemsList({ problems: problems.map(onThePage) }));
    if (!error.problems.length) fill(told.all, problemsList(error));
    const ofArea = error.problems.filter((item) => ["area", "map"].includes(stepOf(item)));
    if (ofArea.length && state.shape?.features.length) mark([centreOf(state.shape.features[0])], ofArea.map((item) => item.what).join("; "));
    panel.querySelector(".problems")?.scrollIntoView({ block: "nearest" });
  }

  async function submit(event) {
    event.preventDefault();
    make.disabled = true;
    for (const place of Object.values(told)) fill(place);
    map.put("marks", NONE);
    try {
      const households = homes.value ? Number(homes.value) : state.households;
      const job = await ask("new", { method: "POST", body: { name: name.value, extract: extracts.value || null, area: state.area, households, count: column.value } });
      if (over) return;
      state.job = job.id;
      follow(jobs); // it may have ended before this answer
    } catch (error) {
      make.disabled = false;
      tell({ problems: error.problems ?? [], message: error.message });
    }
  }
}

/** The names of towns as the map has those of zones. */
const namesOf = ({ features }) => ({ type: "FeatureCollection", features: features.map((item) => ({ ...item, properties: { zone: item.properties.town } })) });

const overlap = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

/** How large an area is, in words. */
function sizeWords(km2) {
  if (km2 < 0.1) return say("{n} m²", { n: count(km2 * 1e6) });
  return say("{n} km²", { n: km2 < 10 ? km2.toFixed(1) : count(km2) });
}

const fieldOf = (option) => FIELDS[option.split(" ")[0]];

/** A problem of the command in the page's words: what to try that needs an option which the page hasn't is left out. */
function onThePage({ where, what, remedy }) {
  if (where === "scenario.yaml: exits") return { where: say("the area"), what, remedy: say("draw it so that a road crosses its outline and leads on; mostly it is too small") };
  const can = remedy.split(", or ").filter((way) => (way.match(OPTION) ?? []).every(fieldOf));
  return { where: fieldOf(where)?.() ?? where.split("/").at(-1), what, remedy: can.join(", or ").replace(OPTION, (option) => `“${fieldOf(option)()}”`) };
}
