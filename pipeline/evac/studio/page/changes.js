// What a plan changes, on the map and as rows.
import { colourKey } from "./colour-key.js";
import { count, h, say, sayTold } from "./dom.js";
import { closedWords } from "./map.js";
import { withPlaces } from "./problems.js";

const LINES = ["LineString", "MultiLineString"];

function sortOf({ kind, before, after }) {
  if (kind !== "lanes") return kind;
  if (after.startsWith("0")) return "closed";
  return parseInt(after, 10) > parseInt(before, 10) ? "more" : "fewer";
}

/** Put what a plan changes on the map, and look there unless it is in view. */
export function drawChanges(map, diff, look = true) {
  const changed = diff.changes.features.map((item) => ({ ...item, properties: { ...item.properties, sort: sortOf(item.properties), words: inWords(item.properties) } }));
  const cutOff = diff.cut_off.features.map((item) => ({ ...item, properties: { sort: "cut off", words: say("loses its only way out") } }));
  const of = (features) => ({ type: "FeatureCollection", features });
  map.put("changes", of(changed.filter((item) => LINES.includes(item.geometry.type))));
  map.put("spots", of([...changed.filter((item) => !LINES.includes(item.geometry.type)), ...cutOff]));
  map.showClosed(diff.closed_exits);
  if (look) map.see([...changed, ...cutOff]);
}

/** Take what a plan changes off the map. */
export function clearChanges(map) {
  for (const name of ["changes", "spots"]) map.put(name, { type: "FeatureCollection", features: [] });
  map.showClosed([]);
}

const KINDS = {
  lanes: () => say("Lanes for cars"), speed: () => say("Speed"), "movement removed": () => say("No longer allowed"),
  "movement added": () => say("New movements"), "lane use": () => say("What lanes lead to"), signal: () => say("Signals and officers"),
  diversion: () => say("Diversions"),
};

const SORTS = { more: () => say("more lanes"), fewer: () => say("fewer lanes"), closed: () => say("closed"), other: () => say("other changes") };

export const kindWords = (kind) => KINDS[kind]?.() ?? kind;

/** How it was and how it is, and when. */
export const changeWords = ({ before, after, when }) => [before ? `${sayTold(before)} → ${sayTold(after)}` : sayTold(after), sayTold(when)].filter(Boolean).join(", ");

function inWords({ kind, place, ...of }) { return [`${kindWords(kind)}: ${sayTold(place)}`, changeWords(of)].filter(Boolean).join(", "); }

/** What an action is called: what its author calls it, else what it does, in the page's words. */
export const nameOf = ({ label, action }) => (label === action ? sayTold(label) : label);

/** The rows of what a plan changes, cuts off, and what to look at. */
export function changeRows(map, diff) {
  const sorts = new Set(diff.changes.features.map((item) => sortOf(item.properties)));
  const kinds = Object.groupBy(diff.changes.features, (item) => item.properties.kind);
  const lost = diff.cut_off.features.length;
  return [
    lost ? h("p", { class: "bad" }, say("{n} households lose their only way out.", { n: count(lost) }))
      : h("p", {}, say("No household loses its way out.")),
    diff.closed_exits.length ? [h("h4", {}, say("Ways out that close")), h("ul", { class: "closing" }, diff.closed_exits.map((item) => h("li", {}, `${item.exit}: ${closedWords(item)}`)))] : null,
    diff.warnings.length ? h("ul", { class: "warnings" }, diff.warnings.map((text) => h("li", {}, withPlaces(sayTold(text))))) : null,
    colourKey(Object.entries(SORTS).filter(([sort]) => (sort === "other" ? [...sorts].some((one) => !(one in SORTS)) : sorts.has(sort))).map(([sort, words]) => [sort, words()])),
    Object.entries(kinds).map(([kind, items]) => [h("h4", {}, kindWords(kind)), h("ul", { class: "changes" }, items.map((item) => row(map, item)))]),
  ];
}

function row(map, { properties: of, geometry }) {
  const at = geometry.type === "Point" ? geometry.coordinates : geometry.coordinates.flat(geometry.type === "MultiLineString" ? 1 : 0)[0];
  return h("li", {}, h("button", { type: "button", class: "to-map", onclick: () => map.flyTo(at) }, sayTold(of.place)), ` ${changeWords(of)}`);
}
