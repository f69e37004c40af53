// Where: the place in figures, its ways out, what the map has wrong, and what to look at before anything is believed.
import { ask, part } from "./api.js";
import { sending } from "./answers.js";
import { correctionForm } from "./correction-form.js";
import { count, fill, h, say } from "./dom.js";
import { exitList, newExitForm, otherRoads, pointOf } from "./exits.js";
import { finder } from "./finder.js";
import { findingRows, RANK, wordsOf } from "./findings.js";
import { firstAnswer } from "./first-answer.js";
import { hazardView } from "./hazard-view.js";
import { problemsList } from "./problems.js";
import { roomWords } from "./map.js";
import { isRoad } from "./roads.js";
import { clicked, streetsByName } from "./targets.js";

const NONE = { type: "FeatureCollection", features: [] };

export function placePanel(body, place) {
  const { name, picture, map, file, isOpen } = place;
  const list = h("ol", { class: "findings" }, h("li", { class: "busy" }, say("Checking …")));
  const heading = h("h3", {}, say("What to look at")), sum = h("p", { class: "hint" }), rest = h("div", {});
  const chosen = h("div", { class: "chosen", "aria-live": "polite" }), own = h("div", {});
  const exits = exitList(place, file);
  const hazard = hazardView(place);
  let pick = null;
  fill(body,
    h("h2", {}, picture.name), picture.note ? h("p", { class: "note" }, picture.note) : null,
    h("p", { class: "big" }, h("strong", {}, count(picture.households)), ` ${say("households")}`),
    firstAnswer(place), own, chosen,
    h("h3", {}, say("Ways out")), exits.element,
    h("div", { class: "edits" }, h("p", { class: "hint" }, say("Click a road on the map to correct it, or to make it a way out.")),
      finder(streetsByName(picture), say("A street by its name"), say("or write its name"), (street) => { chooseStreet(street); map.see(street.pieces); })),
    otherRoads(place, chooseRoad), hazard.element, safeView(picture, map), heading, sum, list, rest,
  );
  if (picture.hazard) ask(`places/${part(name)}/plans/baseline/diff`).then((diff) => {
    if (!isOpen() || !list.isConnected) return;
    map.showClosed(diff.closed_exits);
    exits.close(diff.closed_exits);
    hazard.show(diff);
  }, hazard.fail); // the findings say what is wrong with the place
  map.key(waysKey(picture));
  file.read().then((content) => { if (isOpen()) fill(own, undoRow(file), corrections(content, file)); }, (error) => fill(own, problemsList(error)));
  ask(`places/${part(name)}/findings`).then((findings) => {
    if (!isOpen() || !list.isConnected) return;
    for (const { properties } of findings.features) properties.text = wordsOf(properties);
    map.put("marks", findings);
    heading.textContent = say("What to look at ({n})", { n: findings.features.length });
    const shown = findingRows(findings, map, file);
    pick = shown.pick;
    fill(sum, shown.words);
    fill(list, shown.rows);
    fill(rest, shown.folded);
    map.key([...waysKey(picture), ...Object.entries(RANK).filter(([severity]) => findings.features.some((item) => item.properties.severity === severity)).map(([severity, words]) => [severity, words()])]);
  }, (error) => fill(list, h("li", {}, problemsList(error))));
  map.on("click", (event, found) => {
    const top = found.find((item) => item.layer.id === "exits") ?? found[0], of = (kind) => picture[kind].features.find((item) => item.id === top.id);
    leaveIt();
    if (!top) return;
    if (top.layer.id === "marks") pick?.(top.id);
    else if (top.layer.id === "exits") exits.show(of("exits").properties.exit);
    else if (top.layer.id === "unused") chooseRoad({ name: top.properties.road, where: { edge: of("unused").properties.edges[0] } }, of("unused"));
    else if (top.layer.id === "none") chooseRoad({ name: top.properties.road, where: pointOf(of("none")) }, of("none"));
    else {
      const target = clicked(picture, [event.lngLat.lng, event.lngLat.lat], found.filter(isRoad), null);
      if (target) chooseStreet(target);
    }
  });

  function show(...content) {
    fill(chosen, h("section", { class: "card", "aria-label": say("What is chosen on the map") }, content));
    chosen.scrollIntoView({ block: "nearest" });
    chosen.querySelector("h3").focus({ preventScroll: true });
  }

  function leaveIt() {
    fill(chosen);
    map.put("chosen", NONE);
  }

  function chooseRoad(road, feature) {
    map.flyTo(feature.geometry.coordinates);
    show(h("h3", { tabindex: "-1" }, road.name), feature.properties.reason ? h("p", {}, say("No way out so far: {reason}.", feature.properties)) : null, newExitForm(file, road, leaveIt));
  }

  function chooseStreet({ name: street, pieces, scope }) {
    map.put("chosen", { type: "FeatureCollection", features: pieces });
    const form = h("div", {}), ways = [...new Set(pieces.flatMap((item) => item.properties.way_ids))], whole = scope === "whole";
    const leave = () => fill(form), directions = [...new Map(pieces.map(({ properties: of }) => [of.towards, of])).values()];
    const whereOf = ({ edge, towards }) => (whole ? { street, towards } : { edge });
    show(h("h3", { tabindex: "-1" }, street), h("ul", {}, directions.map((of) => h("li", {}, whole ? say("{towards}bound", of) : directionWords(of), " ",
      h("button", { type: "button", class: "edits small", "aria-label": say("People are out at its end: make it a way out, {towards}bound", of),
        onclick: () => fill(form, newExitForm(file, { name: street, where: whereOf(of) }, leave)) }, say("People are out at its end: make it a way out"))))),
    h("div", { class: "row" }, h("button", { type: "button", class: "edits", onclick: () => fill(form, correctionForm(file, ways, leave)) }, say("Correct what the map says")),
      h("button", { type: "button", onclick: leaveIt }, say("Close this"))), form);
  }
}

/** Refuges, and buses for those who have no car. */
function safeView({ refuges, bus_stops: stops, fleets }, map) {
  const item = ({ geometry }, name, words) => h("li", {}, h("button", { type: "button", class: "to-map", onclick: () => map.flyTo(geometry.coordinates) }, name), words ? ` ${words}` : null);
  return [
    refuges.features.length ? [h("h3", {}, say("Refuges")), h("ul", {}, refuges.features.map((one) => item(one, one.properties.refuge, roomWords(one.properties))))] : null,
    fleets.length ? [h("h3", {}, say("Buses, for those without a car")), h("ul", {}, fleets.map((of) => h("li", {}, say("{name}: {n} buses with {seats} seats each, by {exit}, {min} min after the order", { name: of.name, n: count(of.number), seats: count(of.capacity), exit: of.exit, min: count(of.ready_min) })))),
      h("details", {}, h("summary", {}, say("Bus stops ({n})", { n: count(stops.features.length) })), h("ul", {}, stops.features.map((one) => item(one, one.properties.stop))))] : null];
}

/** What the dots at the ends of roads, and those of refuges and buses, mean. */
function waysKey({ exits, unused, none, refuges, bus_stops: stops }) {
  return [["exit", say("way out"), exits], ["unused", say("leads on, and isn't used"), unused], ["none", say("no way out"), none], ["refuge", say("refuge"), refuges], ["bus", say("bus stop"), stops]].filter(([, , { features }]) => features.length).map(([name, words]) => [name, words]);
}

function directionWords({ towards, lanes, lanes_guessed: guessed, speed_kph: kph }) {
  const many = lanes === 1 ? say("1 lane") : say("{n} lanes", { n: lanes });
  return say("{towards}bound: {lanes}, {kph} km/h", { towards, lanes: guessed ? say("{lanes} (guessed)", { lanes: many }) : many, kph: Math.round(kph) });
}

/** What takes the last change of the scenario's file back. */
export function undoRow(file) {
  if (!file.canUndo) return null;
  const told = h("div", {});
  return h("div", {}, h("button", { type: "button", onclick: sending(told, () => file.undo()) }, say("Undo the last change of the place")), told);
}

function corrections(content, file) {
  if (!content.corrections.length) return null;
  const told = h("div", {});
  const tags = (item) => Object.entries(item.tags).map(([key, value]) => `${key}=${value ?? "–"}`).join(", ");
  return h("details", {}, h("summary", {}, say("Corrections of the map ({n})", { n: content.corrections.length })), h("ul", {}, content.corrections.map((item, at) => h("li", {},
    h("strong", {}, item.street ?? say("way {n}", { n: item.way })), ` ${tags(item)}: ${item.because} `,
    h("button", { type: "button", class: "edits small", "aria-label": say("Take back: {road}", { road: item.street ?? say("way {n}", { n: item.way }) }),
      onclick: sending(told, () => file.change({ do: "uncorrect", at })) }, say("Take it back"))))), told);
}
