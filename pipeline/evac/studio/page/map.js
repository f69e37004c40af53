// The map: the scenario's own roads, area, zones, exits and junctions, and above them what a panel points at.
import { CarsLayer } from "./cars-layer.js";
import { h, count, say } from "./dom.js";

/* global maplibregl */
maplibregl.setWorkerUrl("/vendor/maplibre-gl-5.24.1.csp-worker.js");

const EMPTY = { type: "FeatureCollection", features: [] };
const SHOWN = ["area", "zones", "closed", "roads", "junctions", "none", "unused", "exits"];
const POINTED = ["gains", "queues", "marks", "changes", "spots", "chosen"];
const WIDE = ["motorway", "trunk", "primary"], MIDDLE = ["secondary", "tertiary", "motorway_link", "trunk_link", "primary_link"];
const FONT = ["sans-serif"];

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const byClass = (wide, middle, small) => ["match", ["get", "highway"], WIDE, wide, MIDDLE, middle, small];
const zoomed = (...stops) => ["interpolate", ["exponential", 1.6], ["zoom"], ...stops];

/** The style; `edits` shows what a plan may change besides. */
function style(edits) {
  const editing = edits ? "visible" : "none";
  const ink = colour("map-ink"), halo = colour("map-ground");
  const label = (size) => ({ "text-font": FONT, "text-size": size });
  const inked = { "text-color": ink, "text-halo-color": halo, "text-halo-width": 1.6 };
  const ofSeverity = ["match", ["get", "severity"], "error", colour("bad"), "warning", colour("warn"), colour("note")];
  return {
    version: 8,
    sources: Object.fromEntries([...SHOWN, ...POINTED].map((name) => [name, { type: "geojson", data: EMPTY, tolerance: 0.2 }])),
    layers: [
      { id: "ground", type: "background", paint: { "background-color": halo } },
      { id: "area", type: "fill", source: "area", paint: { "fill-color": colour("area"), "fill-opacity": 0.1 } },
      { id: "zones", type: "fill", source: "zones", paint: { "fill-color": colour("area"), "fill-opacity": 0.06 } },
      { id: "gains", type: "fill", source: "gains",
        paint: { "fill-color": ["case", [">", ["get", "later_min"], 0], colour("fewer"), colour("more")], "fill-opacity": ["interpolate", ["linear"], ["abs", ["get", "later_min"]], 0, 0, 30, 0.5] } },
      { id: "zone-edges", type: "line", source: "zones", paint: { "line-color": colour("area"), "line-width": 1, "line-dasharray": [4, 3] } },
      { id: "area-edge", type: "line", source: "area", paint: { "line-color": colour("area"), "line-width": 2 } },
      { id: "road-edges", type: "line", source: "roads", layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": colour("road-edge"), "line-width": zoomed(9, byClass(2, 1.3, 0.7), 13, byClass(4.4, 3.4, 2.2), 18, byClass(13, 11, 8)) } },
      { id: "roads", type: "line", source: "roads", layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": byClass(colour("road-wide"), colour("road-middle"), colour("road")),
          "line-width": zoomed(9, byClass(1.4, 0.8, 0.3), 13, byClass(3, 2, 1), 18, byClass(11, 9, 6.5)) } },
      { id: "queues", type: "line", source: "queues", layout: { "line-cap": "round" },
        paint: { "line-color": ["step", ["get", "queue"], colour("queue-few"), 5, colour("queue-some"), 20, colour("queue-many")], "line-width": zoomed(10, 3, 18, 12) } },
      { id: "chosen", type: "line", source: "chosen", layout: { "line-cap": "round" },
        paint: { "line-color": colour("chosen"), "line-width": zoomed(10, 4, 18, 13), "line-opacity": 0.85 } },
      { id: "changes", type: "line", source: "changes", layout: { "line-cap": "round", "line-sort-key": ["match", ["get", "sort"], "closed", 0, 1] },
        paint: { "line-color": ["match", ["get", "sort"], "more", colour("more"), "fewer", colour("fewer"), "closed", colour("closed"), colour("other")],
          "line-width": zoomed(10, 3, 18, 11), "line-offset": ["interpolate", ["linear"], ["zoom"], 14, 2, 17, 0] } },
      { id: "road-names", type: "symbol", source: "roads", minzoom: 13.5, filter: ["!=", ["get", "street"], ""],
        layout: { "symbol-placement": "line", "text-field": ["get", "street"], ...label(12), "symbol-spacing": 320, "text-padding": 12 }, paint: inked },
      { id: "closed", type: "line", source: "closed", minzoom: 13.5, layout: { visibility: editing },
        paint: { "line-color": colour("note"), "line-width": zoomed(13, 0.8, 18, 5), "line-dasharray": [2, 2], "line-opacity": 0.7 } },
      { id: "crossings", type: "circle", source: "junctions", minzoom: 14, layout: { visibility: editing },
        paint: { "circle-radius": zoomed(14, 3.5, 18, 8), "circle-color": halo, "circle-stroke-color": colour("chosen"), "circle-stroke-width": 1.5 } },
      { id: "junctions", type: "circle", source: "junctions", minzoom: 15, filter: ["get", "signal"],
        paint: { "circle-radius": 5, "circle-color": colour("note"), "circle-stroke-color": halo, "circle-stroke-width": 1.5 } },
      { id: "none", type: "circle", source: "none", paint: { "circle-radius": 6, "circle-color": halo, "circle-stroke-color": colour("bad"), "circle-stroke-width": 2.5 } },
      { id: "unused", type: "circle", source: "unused", paint: { "circle-radius": 6, "circle-color": halo, "circle-stroke-color": colour("exit"), "circle-stroke-width": 2.5 } },
      { id: "exits", type: "circle", source: "exits", paint: { "circle-radius": 9, "circle-color": colour("exit"), "circle-stroke-color": halo, "circle-stroke-width": 2 } },
      { id: "spots", type: "circle", source: "spots",
        paint: { "circle-radius": 7, "circle-color": ["match", ["get", "sort"], "cut off", colour("bad"), colour("other")], "circle-stroke-color": halo, "circle-stroke-width": 2 } },
      { id: "marks", type: "circle", source: "marks",
        paint: { "circle-radius": ["case", ["boolean", ["feature-state", "chosen"], false], 11, 7], "circle-color": ofSeverity, "circle-stroke-color": halo, "circle-stroke-width": 2 } },
      { id: "zone-names", type: "symbol", source: "zones", layout: { "text-field": ["get", "zone"], ...label(13) }, paint: inked },
      { id: "exit-names", type: "symbol", source: "exits",
        layout: { "text-field": ["get", "words"], ...label(13), "text-offset": [0, 1.2], "text-anchor": "top", "text-max-width": 14, "text-allow-overlap": true },
        paint: { ...inked, "text-color": colour("exit"), "text-halo-width": 2.2 } },
    ],
  };
}

/** What an exit passes, in words. */
export function exitWords({ exit, lanes, veh_per_h: limit }) {
  const road = lanes === 1 ? say("1 lane") : say("{n} lanes", { n: lanes });
  const passes = limit ? say("takes {n} vehicles an hour", { n: count(limit) }) : road;
  return `${exit}\n${passes}`;
}

export class PlaceMap {
  constructor() {
    this.canvas = h("div", { class: "canvas" });
    this.tip = h("p", { class: "tip", hidden: true });
    this.words = h("p", { class: "words", hidden: true });
    this.element = h("section", { class: "map", "aria-label": say("Map") }, this.canvas, this.tip, this.words);
    this.element.placeMap = this; // for whoever scripts the page
    this.map = null;
    this.content = {};
    this.listeners = {};
    this.edits = false;
    this.cars = new CarsLayer({ moving: () => colour("chosen"), standing: () => colour("queue-some") });
    dark.addEventListener("change", () => this.#restyle());
  }

  /** Show a place: its roads, area, zones, exits; `stay` where one is looking. */
  async show(picture, stay = false) {
    const exits = picture.exits.features.map((item) => ({ ...item, properties: { ...item.properties, words: exitWords(item.properties) } }));
    this.content = { ...picture, exits: { ...picture.exits, features: exits } };
    this.bounds = picture.bounds;
    if (!this.map) {
      this.map = new maplibregl.Map({ container: this.canvas, style: style(this.edits), bounds: this.bounds, fitBoundsOptions: { padding: 40 },
        attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false, maxZoom: 20, fadeDuration: 0 });
      this.map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-left");
      this.map.addControl(new maplibregl.ScaleControl({}), "bottom-left");
      this.map.addControl(new maplibregl.AttributionControl({ compact: false, customAttribution: "© OpenStreetMap" }), "bottom-right");
      this.map.touchZoomRotate.disableRotation();
      this.map.getCanvas().setAttribute("aria-label", say("Map: arrow keys move it, + and - zoom"));
      this.map.on("mousemove", (event) => this.#hover(event));
      this.map.on("click", (event) => this.listeners.click?.(event, this.under(event.point)));
      await this.map.once("load");
      this.map.addLayer(this.cars, "road-names");
    } else if (!stay) {
      this.map.fitBounds(this.bounds, { padding: 40, animate: false });
    }
    for (const name of SHOWN) this.put(name, this.content[name] ?? EMPTY);
    for (const name of POINTED) this.put(name, EMPTY);
    await this.#idle();
  }

  /** Say something in the middle of a map that shows nothing yet; nothing when empty. */
  explain(text) {
    this.words.hidden = !text;
    this.words.textContent = text;
  }

  clear() {
    this.cars.clear();
    if (this.map) for (const name of [...SHOWN, ...POINTED]) this.put(name, EMPTY);
  }

  /** Take away what a panel has pointed at, and its listeners. */
  reset() {
    this.listeners = {};
    if (this.map) {
      for (const name of POINTED) this.put(name, EMPTY);
      this.showEdits(false);
    }
    this.tip.hidden = true;
    this.explain("");
  }

  /** Show what a plan may change besides streets, or no longer. */
  showEdits(edits) {
    this.edits = edits;
    for (const layer of ["closed", "crossings"]) this.map.setLayoutProperty(layer, "visibility", edits ? "visible" : "none");
  }

  put(name, features) {
    this.content[name] = features;
    this.map?.getSource(name)?.setData(features);
  }

  on(kind, listener) { this.listeners[kind] = listener; }

  /** What is on the map at a point of the screen, the topmost first. */
  under(point, layers = ["marks", "spots", "exits", "none", "unused", "junctions", "crossings", "queues", "changes", "roads", "closed", "zones"]) {
    const near = [[point.x - 5, point.y - 5], [point.x + 5, point.y + 5]];
    return this.map.queryRenderedFeatures(near, { layers });
  }

  flyTo(lonLat, zoom = 16) {
    this.map.easeTo({ center: lonLat, zoom: Math.max(this.map.getZoom(), zoom), duration: this.#still() ? 0 : 500 });
  }

  fit(bounds) { this.map.fitBounds(bounds, { padding: 60, maxZoom: 17, animate: !this.#still() }); }

  #still() { return window.matchMedia("(prefers-reduced-motion: reduce)").matches; }

  async #idle() { if (!this.map.areTilesLoaded()) await this.map.once("idle"); }

  #restyle() {
    if (!this.map) return;
    this.map.setStyle(style(this.edits));
    this.map.once("styledata", () => { if (!this.map.getLayer(this.cars.id)) this.map.addLayer(this.cars, "road-names"); for (const name of [...SHOWN, ...POINTED]) if (this.content[name]) this.put(name, this.content[name]); });
  }

  #hover(event) {
    const [found] = this.under(event.point);
    const words = found ? tipOf(found) : "";
    this.map.getCanvas().style.cursor = found && this.listeners.click ? "pointer" : "";
    this.tip.hidden = !words;
    this.tip.textContent = words;
  }
}

function tipOf({ layer, properties: of }) {
  switch (layer.id) {
    case "roads": return !of.towards ? of.street : say("{street}, {towards}bound: {lanes}, {kph} km/h", {
      street: of.street || say("unnamed road"), towards: of.towards, lanes: of.lanes === 1 ? say("1 lane") : say("{n} lanes", { n: of.lanes }), kph: Math.round(of.speed_kph) });
    case "zones": return say("Zone {zone}: {n} households", { zone: of.zone, n: count(of.households) });
    case "exits": return of.words.replace("\n", ": ");
    case "none": return say("No way out: {road}, {reason}", of);
    case "unused": return say("Leads on, and isn't used: {road}", of);
    case "crossings": return JSON.parse(of.streets).join(" / ");
    case "closed": return say("Closed to cars: {road}", { road: of.name || of.highway });
    case "junctions": return say("Signal at {streets}", { streets: JSON.parse(of.streets).join(" / ") });
    default: return of.text ?? of.words ?? "";
  }
}
