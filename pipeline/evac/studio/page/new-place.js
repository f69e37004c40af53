// A place that isn't there yet: an extract, an area drawn on it, who lives there; then it is made, and run.
import { ask, part } from "./api.js";
import { count, fill, h, problemsList, say } from "./dom.js";
import { liveView } from "./live-view.js";

/* global terraDraw, terraDrawMaplibreGlAdapter */

const NONE = { type: "FeatureCollection", features: [] };

/**
 * Show what makes a place.
 * @param {HTMLElement} panel
 * @param {{map: object, jobs: object, opened: (place: string, tab: string) => void}} page
 * @returns {() => void} what ends it
 */
export function newPlace(panel, { map, jobs, opened }) {
  const told = h("div", {}), going = h("div", {});
  const extracts = h("select", { id: "extract", onchange: () => showExtract(extracts.value) });
  const state = { area: null, drawing: null, job: null };
  const said = h("p", { class: "area-said", role: "status" }, say("No area yet."));
  const draw = h("button", { type: "button", disabled: true, onclick: () => begin() }, say("Draw it"));
  const homes = h("input", { type: "number", min: "1", max: "10000000", id: "homes", placeholder: say("estimated from buildings") });
  const column = h("input", { type: "text", id: "column", placeholder: "households" });
  const columnLabel = h("label", { class: "wide", hidden: true }, say("Column of the file with the counts"), column);
  const corners = h("p", { class: "hint", hidden: true }, say("Click each corner, and the last one twice. Escape begins anew."));
  const missed = h("div", {}), wanted = h("input", { type: "text", id: "find", maxlength: "200", placeholder: say("town, county, country"), onkeydown: (event) => {
    if (event.key === "Enter") { event.preventDefault(); search(); }
  } });
  const find = h("button", { type: "button", onclick: () => search() }, say("Find it"));
  const name = h("input", { type: "text", id: "place-name", required: true, maxlength: "80" });
  const make = h("button", { class: "primary", type: "submit", disabled: true }, say("Make it and run it"));
  const homesFile = fileButton("households", say("or a file with counts"), ".geojson,.json,.gpkg,.kml,.zip", (sent) => { state.homes = sent; columnLabel.hidden = false; }, told);
  const form = h("form", { class: "new-place", onsubmit: submit },
    h("h2", {}, say("A new place")),
    h("fieldset", {}, h("legend", {}, say("1. The map")), h("label", { class: "wide", for: "extract" }, say("OpenStreetMap extract")), extracts,
      fileButton("extract", say("Send one"), ".pbf,.osm,.gz,.bz2", (sent) => readExtracts(sent), told).element),
    h("fieldset", {}, h("legend", {}, say("2. The area that is ordered to leave")), said, h("div", { class: "row" }, draw,
      fileButton("area", say("or send a file"), ".geojson,.json,.gpkg,.kml,.zip", (sent) => setArea(sent, say("The area of {file}", { file: sent })), told).element),
    corners,
    h("label", { class: "wide", for: "find" }, say("or find a town or district by its name (needs the internet)")), h("div", { class: "row" }, wanted, find), missed),
    h("fieldset", {}, h("legend", {}, say("3. Households")), h("label", { class: "wide", for: "homes" }, say("How many households live there")), homes, homesFile.element,
      columnLabel),
    h("label", { class: "wide", for: "place-name" }, say("4. What to call it")), name,
    make, told, going);
  fill(panel, form);
  readExtracts();
  let over = false;
  const deaf = jobs.hear((all) => {
    const job = all.all.find((item) => item.id === state.job);
    if (!job) return;
    if (job.state === "done") { opened(job.place, "runs"); return; }
    if (job.state === "failed") { fill(going); fill(told, problemsList({ problems: job.told.problems, message: job.told.error })); make.disabled = false; return; }
    if (job.state === "cancelled") { fill(going); make.disabled = false; return; }
    fill(going, liveView({ ...job, asked: { ...job.asked, plans: [job.asked.name], vehicles: "1.5" } }, jobs));
  });
  return () => { over = true; deaf(); state.drawing?.stop(); };

  async function readExtracts(newest) {
    try {
      const names = await ask("extracts");
      if (over) return;
      fill(extracts, names.map((item) => h("option", { value: item, selected: item === newest }, item)), h("option", { value: "" }, say("none: fetch the roads (needs the internet)")));
      await showExtract(newest ?? names[0] ?? "");
    } catch (error) {
      fill(told, problemsList(error));
    }
  }

  async function search() {
    find.disabled = true;
    fill(missed, h("p", { class: "busy" }, say("Asking OpenStreetMap …")));
    try {
      const found = await ask("find", { method: "POST", body: { name: wanted.value } });
      if (over) return;
      fill(missed);
      state.drawing?.stop();
      if (!extracts.value) await map.show({ bounds: found.bounds, roads: NONE, area: NONE, exits: NONE });
      setArea(found.area, say("The area of {name}.", { name: found.name }));
      map.put("area", found.area);
      map.fit(found.bounds);
      name.value ||= found.name.split(",")[0];
    } catch (error) {
      fill(missed, problemsList(error));
    } finally {
      find.disabled = false;
    }
  }

  async function showExtract(file) {
    if (!file) { said.textContent = state.area ? said.textContent : say("Find the area by its name, or send a file with it."); draw.disabled = true; return; }
    draw.disabled = true;
    said.textContent = say("Reading {file} …", { file });
    try {
      const { roads, bounds } = await ask(`extracts/${part(file)}/picture`);
      if (over || extracts.value !== file) return;
      await map.show({ bounds, roads: { ...roads, features: roads.features.map((item) => ({ ...item, properties: { ...item.properties, lanes: 1, speed_kph: 0, towards: "" } })) },
        area: NONE, exits: NONE });
      said.textContent = say("No area yet.");
      draw.disabled = false;
      if (!state.area) begin();
    } catch (error) {
      said.textContent = "";
      fill(told, problemsList(error));
    }
  }

  function begin() {
    state.drawing?.stop();
    setArea(null, say("Click the first corner on the map."));
    const { TerraDraw, TerraDrawPolygonMode } = terraDraw;
    const drawing = new TerraDraw({ adapter: new terraDrawMaplibreGlAdapter.TerraDrawMapLibreGLAdapter({ map: map.map }), modes: [new TerraDrawPolygonMode({ showCoordinatePoints: true })] });
    state.drawing = drawing;
    corners.hidden = false;
    drawing.start();
    drawing.setMode("polygon");
    drawing.on("finish", (id) => {
      const feature = drawing.getSnapshot().find((item) => item.id === id);
      const area = { type: "FeatureCollection", features: [{ type: "Feature", properties: {}, geometry: feature.geometry }] };
      drawing.stop();
      state.drawing = null;
      map.put("area", area);
      draw.textContent = say("Draw it anew");
      setArea(area, say("An area with {n} corners.", { n: count(feature.geometry.coordinates[0].length - 1) }));
    });
  }

  function setArea(area, words) {
    state.area = area;
    corners.hidden ||= Boolean(area);
    if (typeof area === "string" || !area) map.put("area", NONE);
    said.textContent = words;
    make.disabled = !area;
  }

  async function submit(event) {
    event.preventDefault();
    make.disabled = true;
    fill(told);
    try {
      const households = homes.value ? Number(homes.value) : state.homes ?? null;
      const job = await ask("new", { method: "POST", body: { name: name.value, extract: extracts.value || null, area: state.area, households, count: column.value } });
      state.job = job.id;
    } catch (error) {
      make.disabled = false;
      fill(told, problemsList(error));
    }
  }
}

/** A button that sends a file; who listens is told its name. */
function fileButton(kind, words, accept, sent, told) {
  const status = h("span", { class: "key", role: "status" });
  const input = h("input", { type: "file", accept, class: "file", "aria-label": words, onchange: async () => {
    const [file] = input.files;
    if (!file) return;
    status.textContent = say("sending …");
    try {
      const { name } = await ask(`uploads/${kind}/${part(file.name)}`, { method: "PUT", body: file });
      status.textContent = name;
      fill(told);
      sent(name);
    } catch (error) {
      status.textContent = "";
      fill(told, problemsList(error));
    }
  } });
  return { element: h("label", { class: "file-button" }, h("span", { class: "button" }, words), input, status) };
}
