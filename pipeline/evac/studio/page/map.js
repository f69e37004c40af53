// The map: the scenario's own roads, area, zones, exits and junctions, and above them what a panel points at.
import { CarsLayer } from "./cars-layer.js";
import { drawAllPixels, FEW_PIXELS } from "./fewer-pixels.js";
import { clock, count, fill, h, say } from "./dom.js";
import { bare, colour, EMPTY, POINTED, ROADS, SEEN_FROM_NEAR, SHOWN, style, visibility } from "./map-style.js";
import { drawn, isRoad } from "./roads.js";

/* global maplibregl */
maplibregl.setWorkerUrl("/vendor/maplibre-gl-5.24.1.csp-worker.js");
maplibregl.prewarm(); // while the page waits for what it shows

const BELOW = 80, BESIDE = 90, ABOVE = 40; // pixels: an exit's words stand below it, in up to four lines, half of them to each side

const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** What an exit passes, in words. */
export function exitWords({ exit, lanes, veh_per_h: limit }) {
  const road = lanes === 1 ? say("1 lane") : say("{n} lanes", { n: lanes });
  const passes = limit ? say("takes {n} vehicles an hour", { n: count(limit) }) : road;
  return `${exit}\n${passes}`;
}

/** From when until when a way out is closed, in words. */
export function closedWords({ from_s: from, until_s: until }) {
  if (until === null) return from ? say("closed from {from} h on", { from: clock(from) }) : say("closed");
  return say("closed from {from} to {until} h", { from: clock(from), until: clock(until) });
}

/** Refuges and the stops of buses, as the map has both. */
function safePlaces({ refuges, bus_stops: stops }) {
  const of = (found, kind, about) => (found?.features ?? []).map((item) => ({ ...item, properties: { kind, ...about(item.properties) } }));
  return { type: "FeatureCollection", features: [
    ...of(refuges, "refuge", (item) => ({ name: item.refuge, words: say("Refuge {name}: {room}", { name: item.refuge, room: roomWords(item) }) })),
    ...of(stops, "bus", ({ stop }) => ({ name: stop, words: say("Bus stop {name}", { name: stop }) }))] };
}

/** How many a refuge has room for, in words. */
export const roomWords = ({ vehicles, people }) => (people ? say("room for {n} vehicles and {people} people on foot", { n: count(vehicles), people: count(people) }) : say("room for {n} vehicles", { n: count(vehicles) }));

export class PlaceMap {
  constructor() {
    this.canvas = h("div", { class: "canvas" });
    this.tip = h("p", { class: "tip", hidden: true });
    this.words = h("p", { class: "words", hidden: true });
    this.dots = h("ul", { class: "dots", hidden: true, "aria-label": say("Dots on the map") });
    this.element = h("section", { class: "map", "aria-label": say("Map") }, this.canvas, h("div", { class: "middle", "aria-hidden": "true" }), this.tip, this.words, this.dots);
    this.element.placeMap = this; // for whoever scripts the page
    this.map = this.styled = null;
    this.content = {};
    this.exits = [];
    this.listeners = {};
    this.edits = false;
    this.cars = new CarsLayer({ moving: () => colour("chosen"), standing: () => colour("queue-some") });
    dark.addEventListener("change", () => this.#restyle());
  }

  /** Show a place: its roads, area, zones, exits; `stay` where one is looking. */
  async show(picture, stay = false) {
    const exits = picture.exits.features.map((item) => ({ ...item, properties: { ...item.properties, words: exitWords(item.properties) } }));
    const content = { ...picture, ...drawn(picture.roads), safe: safePlaces(picture), exits: { ...picture.exits, features: exits } };
    this.roads = picture.roads.features;
    this.exits = exits;
    this.bounds = picture.bounds;
    this.begin();
    if (!stay) this.map.fitBounds(this.bounds, { padding: this.#room(), animate: false });
    for (const name of SHOWN) this.put(name, content[name] ?? EMPTY);
    for (const name of POINTED) this.put(name, EMPTY);
    const isFirst = !this.styled;
    if (isFirst) this.#dress();
    await this.styled;
    while (!this.map.loaded()) await this.map.once("render"); // its tiles alone may be those of the place before
    if (isFirst) await drawAllPixels(this.map);
    this.map.once("idle", () => {
      if (this.roads !== picture.roads.features) return; // another place is shown by now
      for (const name of SEEN_FROM_NEAR) this.put(name, content[name] ?? EMPTY);
    });
    this.map.triggerRepaint();
  }

  /** Have an empty map, which takes a while to make: whoever waits for what it shows can have it made meanwhile. */
  begin() {
    if (this.map) return;
    this.map = new maplibregl.Map({ container: this.canvas, style: bare(), attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false, maxZoom: 20, fadeDuration: 0,
      pixelRatio: FEW_PIXELS }); // until it has all that it shows: it is drawn anew at each piece of it
  }

  /** Give the map its layers, with what they show: data that come after a layer have its tiles cut twice. */
  #dress() {
    const begun = { ...this.content };
    this.map.setStyle(style(begun, this.edits), { diff: false });
    this.styled = this.map.once("style.load").then(() => {
      for (const [name, features] of Object.entries(this.content)) if (features !== begun[name]) this.#draw(name);
      this.map.addLayer(this.cars, "road-names");
    });
    this.map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-left");
    this.map.addControl(new WholePlace(() => this.fit(this.bounds)), "top-left");
    this.map.addControl(new maplibregl.ScaleControl({}), "bottom-left");
    this.map.addControl(new maplibregl.AttributionControl({ compact: false, customAttribution: "© OpenStreetMap" }), "bottom-right");
    this.map.touchZoomRotate.disableRotation();
    this.map.getCanvas().setAttribute("aria-label", say("Map: arrow keys move it, + and - zoom"));
    this.map.on("mousemove", (event) => this.#hover(event));
    this.map.on("click", (event) => this.listeners.click?.(event, this.under(event.point)));
  }

  /** Mark the middle of the map for whoever draws there with the keyboard. */
  aim(isOn) { this.element.classList.toggle("aims", isOn); }

  /** Say something on the map: in the middle while it shows nothing yet, else `above` what it shows; nothing when empty. */
  explain(text, above = false) {
    this.words.hidden = !text;
    this.words.classList.toggle("above", above);
    this.words.textContent = text;
  }

  /**
   * Say what the dots on the map mean.
   * @param {[string, string][]} rows kinds of dots by their names in the page's style, and what they mean
   */
  key(rows) {
    this.dots.hidden = !rows.length;
    fill(this.dots, rows.map(([name, words]) => h("li", { class: name }, words)));
  }

  clear() {
    this.key([]);
    this.cars.clear();
    this.roads = [];
    this.exits = [];
    if (this.map) for (const name of [...SHOWN, ...SEEN_FROM_NEAR, ...POINTED]) this.put(name, EMPTY);
  }

  /** Take away what a panel has pointed at, and its listeners. */
  reset() {
    this.listeners = {};
    this.key([]);
    if (this.map) {
      for (const name of POINTED) this.put(name, EMPTY);
      this.showClosed([]);
      this.showEdits(false);
    }
    this.tip.hidden = true;
    this.explain("");
  }

  /** Show what a plan may change besides streets, or no longer. */
  showEdits(edits) {
    if (edits === this.edits) return; // the map may not have its layers yet
    this.edits = edits;
    for (const name of SEEN_FROM_NEAR) this.#seeLayersOf(name);
  }

  /** Show which ways out are closed, and when; none when empty. */
  showClosed(closed) {
    const times = Map.groupBy(closed, (item) => item.exit);
    const features = this.exits.map((item) => {
      const { exit, words } = item.properties, spans = times.get(exit);
      return spans ? { ...item, properties: { ...item.properties, closed: true, words: `${words}\n${spans.map(closedWords).join("; ")}` } } : item;
    });
    if (closed.length || this.content.exits?.features.some((item) => item.properties.closed)) this.put("exits", { type: "FeatureCollection", features });
  }

  put(name, features) {
    const isChanged = features.features.length || this.content[name]?.features.length; // all is drawn anew at each
    this.content[name] = features; // while the map begins it is put by then
    if (isChanged && this.map?.getSource(name)) this.#draw(name);
  }

  #draw(name) {
    this.#seeLayersOf(name); // first: of a layer that is seen from now on all tiles are cut anew
    this.map.getSource(name).setData(this.content[name]);
  }

  #seeLayersOf(source) {
    for (const layer of this.map.getLayersOrder().map((id) => this.map.getLayer(id)).filter((item) => item.source === source)) {
      const now = visibility(layer, this.content, this.edits);
      if (layer.visibility !== now) this.map.setLayoutProperty(layer.id, "visibility", now);
    }
  }

  on(kind, listener) { this.listeners[kind] = listener; }

  /** What is on the map at a point of the screen, the topmost first. */
  under(point, layers = ["marks", "spots", "exits", "safe", "none", "unused", "junctions", "crossings", "queues", "changes", ...ROADS, "closed", "zones"]) {
    const near = [[point.x - 5, point.y - 5], [point.x + 5, point.y + 5]];
    return this.map.queryRenderedFeatures(near, { layers });
  }

  flyTo(lonLat, zoom = 16) {
    this.map.easeTo({ center: lonLat, zoom: Math.max(this.map.getZoom(), zoom), duration: this.#still() ? 0 : 500 });
  }

  /** Look at features as a whole, unless all of them are in view. */
  see(features) {
    const bounds = new maplibregl.LngLatBounds(), view = this.map.getBounds();
    for (const { geometry } of features) spots(geometry.coordinates).forEach((spot) => bounds.extend(spot));
    if (!bounds.isEmpty() && !(view.contains(bounds.getSouthWest()) && view.contains(bounds.getNorthEast()))) this.fit(bounds);
  }

  fit(bounds) { this.map.fitBounds(bounds, { padding: this.#room(), maxZoom: 17, animate: !this.#still() }); }

  /** What is left free around a place for the words of exits at its edge; beside it less where the map is narrow. */
  #room() {
    const beside = Math.min(BESIDE, this.canvas.clientWidth / 10);
    return { top: ABOVE, right: beside, bottom: BELOW, left: beside };
  }

  #still() { return window.matchMedia("(prefers-reduced-motion: reduce)").matches; }

  #restyle() {
    if (!this.map) return;
    if (!this.styled) { this.map.setStyle(bare()); return; }
    this.map.setStyle(style(this.content, this.edits), { diff: false, transformStyle: withWhatIsDrawn });
    this.map.once("styledata", () => { if (!this.map.getLayer(this.cars.id)) this.map.addLayer(this.cars, "road-names"); });
  }

  #hover(event) {
    const [found] = this.under(event.point);
    const words = !found ? "" : isRoad(found) ? roadWords(this.roads[found.id].properties) : tipOf(found);
    this.map.getCanvas().style.cursor = found && this.listeners.click ? "pointer" : "";
    this.tip.hidden = !words;
    this.tip.textContent = words;
  }
}

/** A style with the sources and layers of the one before that others have put there: an area that is being drawn. */
function withWhatIsDrawn(before, next) {
  const layers = before.layers.filter(({ id }) => !next.layers.some((layer) => layer.id === id));
  return { ...next, sources: { ...before.sources, ...next.sources }, layers: [...next.layers, ...layers] };
}

/** The points of a geometry, however deep they are nested. */
const spots = (coordinates) => (typeof coordinates[0] === "number" ? [coordinates] : coordinates.flatMap(spots));

/** A button on the map that shows the whole place. */
class WholePlace {
  constructor(show) { this.show = show; }

  onAdd() {
    this.element = h("div", { class: "maplibregl-ctrl maplibregl-ctrl-group whole" }, h("button", { type: "button", title: say("The whole place"), "aria-label": say("The whole place"), onclick: this.show }, "⤢"));
    return this.element;
  }

  onRemove() { this.element.remove(); }
}

function roadWords({ street, towards, lanes, speed_kph: kph }) {
  if (!towards) return street; // of an extract
  return say("{street}, {towards}bound: {lanes}, {kph} km/h", { street: street || say("unnamed road"), towards, lanes: lanes === 1 ? say("1 lane") : say("{n} lanes", { n: lanes }), kph: Math.round(kph) });
}

function tipOf({ layer, properties: of }) {
  switch (layer.id) {
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
