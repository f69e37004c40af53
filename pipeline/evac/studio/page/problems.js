// What is wrong, in the page's words: which action, which of its fields, where on the map, and what to try there.
// The command line says the same of the file and its keys.
import { h, say, sayTold } from "./dom.js";

/** What to try, where a problem's own words are about the plan's file (`evac.errors.Mend`). */
const MEND = {
  place: () => say("remove it and click its place again: the map has nothing there, or more than one thing"),
  direction: () => say("remove it, click the street again, and choose a direction of travel"),
  stretch: () => say("remove it, and click two places on the street between which it runs without a gap, in the direction of travel"),
  "correct map": () => say("remove it; if the map is wrong, correct it under Where"),
  "fewer lanes": () => say("turn fewer lanes round, leave none to emergency vehicles, or take a shorter stretch"),
  close: () => say("ask for less, or close the street"),
  "open onward": () => say("open the road that it goes on into as well"),
  "already open": () => say("remove it: the road is open. For more lanes there are contraflow and the shoulder, for a turn there is Allow a turn at the junction"),
  "one kind": () => say("do the same in both, or remove one of them"),
  stages: () => say("remove it and set the times of the signal again, or forbid the turn"),
  earlier: () => say("let it begin earlier"),
  "accept cut off": () => say("leave them a way, or tick “{field}” there: their cars then count as not evacuated", { field: say("Also where it takes the only way out") }),
  "other name": () => say("give it another name"),
  "one field": () => say("fill one of its fields in"),
  "file back": () => say("put it back where it was, then try again; or ask whoever has moved it"),
  "by hand": () => say("remove it, or ask whoever wrote it: only the plan's file can say this otherwise"),
};

/** What the forms call a key of a plan. */
const FIELDS = {
  label: () => say("Called"), when: () => say("When"), from_min: () => say("From, minutes after the order"), until_min: () => say("Until, minutes after the order"),
  setup_min: () => say("Minutes to set it up"), with: () => say("Takes"), officers: () => say("Officers"), signs: () => say("Signs"), cones: () => say("Cones"), barricades: () => say("Barricades"),
  lanes: () => say("Lanes"), side: () => say("At the"), kph: () => say("km/h"), towards: () => say("Direction of travel"), admit: () => say("Still open to"), zones: () => say("Zones"),
  to_exit: () => say("Exit"), exit: () => say("Exit"), compliance: () => say("Share that follows"), offset_min: () => say("Minutes after the order"),
  shadow_share: () => say("Share of the others that leave unasked"), followed_by: () => say("Share of the households that follow"),
  at_most_vehicles: () => say("Vehicles that a household takes at most (as many as it has when empty)"), profile: () => say("How they drive"),
  informed_share: () => say("Share of drivers who know of the traffic (as in the scenario when empty)"),
  keep_emergency_lane: () => say("Leave a lane to emergency vehicles"), accept_cut_off: () => say("Also where it takes the only way out"),
};

const KEY = /'(\w+)'/g;
const FILE = /^(?:.*\/)?([^/:]+\.ya?ml):(\d+)/;
/** A place as the toolkit writes it: a link to it, or its coordinates. */
const SPOT = /https:\/\/www\.openstreetmap\.org\/\?mlat=(-?[\d.]+)&mlon=(-?[\d.]+)#map=[\d./-]+|\{lat: (-?[\d.]+), lon: (-?[\d.]+)\}/g;

let flyTo = null;

/** Let places in words be shown on a map. */
export function pointOn(map) { flyTo = (lonLat) => map.flyTo(lonLat); }

/** A text in which each place is a button that shows it on the map. */
export function withPlaces(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(SPOT)) {
    const [lat, lon] = [found[1] ?? found[3], found[2] ?? found[4]].map(Number);
    parts.push(text.slice(end, found.index), h("button", { type: "button", class: "to-map", onclick: () => flyTo?.([lon, lat]) }, say("this place")));
    end = found.index + found[0].length;
  }
  return [...parts, text.slice(end)];
}

const inFields = (text) => text.replace(KEY, (quoted, key) => (key in FIELDS ? `“${FIELDS[key]()}”` : quoted));

/** Which of a plan's actions a problem is about, by their places among them, those of the plan that it builds on too. */
export const actionsOf = ({ actions = [], keys = [] }) => (actions.length ? actions.map(([number]) => number) : keys[0] === "actions" && Number.isInteger(keys[1]) ? [keys[1]] : []);

function fieldOf({ keys = [] }) {
  const key = keys.findLast((item) => item in FIELDS);
  return key ? FIELDS[key]() : "";
}

function placeOf(problem, isBeside) {
  const { where, actions = [] } = problem, file = where.match(FILE);
  if (isBeside) return fieldOf(problem);
  if (actions.length) return actions.map(([number, label]) => say("Action {number}, {action}", { number: number + 1, action: label })).join("; ");
  const [number] = actionsOf(problem), line = file ? say("line {line} of {file}", { line: file[2], file: file[1] }) : where;
  return [number === undefined ? "" : say("Action {number}", { number: number + 1 }), fieldOf(problem), line].filter(Boolean).join(", ");
}

/** A problem in the page's words: where, what, and what to try; `isBeside` where it stands beside its action. */
export function problemWords(problem, isBeside = false) {
  const { what, told, mend, remedy } = problem;
  return { where: placeOf(problem, isBeside), what: inFields(sayTold(told || what)), remedy: MEND[mend]?.() ?? inFields(sayTold(remedy)) };
}

/** A text with its places as words, where nothing can be clicked. */
export const textOf = (text) => text.replace(SPOT, say("this place"));

/** What is wrong, each with its place and what to try; `isBeside` where it stands beside the action or form that it is about. */
export function problemsList(error, isBeside = false) {
  const problems = error.problems?.length ? error.problems : [{ where: "", what: error.message, remedy: "" }];
  return h("div", { class: "problems", role: "alert" }, h("ul", {}, problems.map((problem) => {
    const { where, what, remedy } = problemWords(problem, isBeside);
    return h("li", {}, where ? h("span", { class: "where" }, where) : null, h("span", {}, withPlaces(what)),
      remedy ? h("span", { class: "remedy" }, withPlaces(say("Try: {remedy}", { remedy }))) : null);
  })));
}
