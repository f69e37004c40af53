// What a plan's action is about: a street, a junction, a zone, an exit or a closed road, clicked or chosen by name.
import { say } from "./dom.js";
import { bothDirections, isRoad } from "./roads.js";

const DIGITS = 1e5; // of a degree: about a metre
const spot = ([lon, lat]) => ({ lat: Math.round(lat * DIGITS) / DIGITS, lon: Math.round(lon * DIGITS) / DIGITS });

/** What was clicked, from what is on the map there; a second place on the same street makes a stretch. */
export function clicked(picture, lonLat, found, before) {
  const of = (layer) => found.find((item) => item.layer.id === layer);
  const whole = (name, id) => picture[name].features.find((item) => item.id === id);
  if (of("exits")) return exitTarget(whole("exits", of("exits").id));
  const crossing = of("junctions") ?? of("crossings");
  if (crossing) return junctionTarget(whole("junctions", crossing.id));
  const roads = found.filter(isRoad).map((item) => whole("roads", item.id));
  if (roads.length) {
    const { street } = roads[0].properties;
    const here = outwardFirst(picture, bothDirections(picture.roads, roads.filter((item) => item.properties.street === street)));
    if (before?.kind === "street" && street && before.street === street && !before.end) return { ...before, end: spot(lonLat), scope: "between" };
    return streetTarget(street, here, lonLat);
  }
  if (of("closed")) return { kind: "closed", name: of("closed").properties.name || of("closed").properties.highway, point: spot(lonLat), pieces: [whole("closed", of("closed").id)] };
  return of("zones") ? zoneTarget(whole("zones", of("zones").id)) : null;
}

function streetTarget(street, pieces, lonLat) {
  const unique = [...new Map(pieces.map((item) => [item.properties.towards, item])).values()];
  return { kind: "street", street, name: street || say("unnamed road"), start: spot(lonLat), end: null, scope: "block", pieces: unique, towards: unique.map((item) => item.properties.towards) };
}

const junctionTarget = ({ properties: of, geometry }) => ({ kind: "junction", streets: of.streets, signal: of.signal, arriving: of.arriving, leaving: of.leaving,
  name: of.streets.join(" / ") || say("junction"), point: spot(geometry.coordinates), pieces: [] });
const zoneTarget = (item) => ({ kind: "zone", zone: item.properties.zone, name: say("zone {zone}", { zone: item.properties.zone }), pieces: [] });
const exitTarget = (item) => ({ kind: "exit", exit: item.properties.exit, name: say("exit {exit}", { exit: item.properties.exit }), pieces: [] });

/** All people of the place, whom no click means. */
export const everybody = () => ({ kind: "people", name: say("Everybody"), pieces: [] });

/** Everything that can be chosen by name instead of a click, by its words. */
export function byName(picture) {
  const found = new Map([[say("everybody"), everybody]]);
  for (const item of picture.exits.features) found.set(say("exit {exit}", { exit: item.properties.exit }), () => exitTarget(item));
  for (const item of picture.zones.features) found.set(say("zone {zone}", { zone: item.properties.zone }), () => zoneTarget(item));
  for (const [street, pieces] of streetsOf(picture)) found.set(say("street {street}", { street }), () => wholeStreet(picture, street, pieces));
  for (const item of picture.junctions.features.filter((other) => other.properties.streets.length > 1)) {
    found.set(say("junction {streets}", { streets: item.properties.streets.join(" / ") }), () => junctionTarget(item));
  }
  return found;
}

/** The streets that have a name, with their pieces, as `byName`. */
export function streetsByName(picture) {
  return new Map(streetsOf(picture).map(([street, pieces]) => [street, () => ({ ...wholeStreet(picture, street, pieces), pieces })]));
}

function streetsOf(picture) {
  const streets = Map.groupBy(picture.roads.features.filter((item) => item.properties.street), (item) => item.properties.street);
  return [...streets].sort(([a], [b]) => a.localeCompare(b));
}

function wholeStreet(picture, street, pieces) {
  const here = outwardFirst(picture, bothDirections(picture.roads, [longestOf(pieces)]));
  return { ...streetTarget(street, here.slice(0, 1), middleOf(pieces)), scope: "whole", towards: [...new Set([...here, ...pieces].map((item) => item.properties.towards))] };
}

/** Directions of a street, that first which leads towards a way out: what a plan changes is mostly for who leaves. */
function outwardFirst(picture, pieces) {
  const exits = picture.exits.features.map((item) => item.geometry.coordinates);
  const toExit = ([lon, lat]) => Math.min(...exits.map(([x, y]) => Math.hypot((x - lon) * Math.cos((lat * Math.PI) / 180), y - lat)));
  const gained = ({ geometry: { coordinates } }) => toExit(coordinates[0]) - toExit(coordinates.at(-1));
  return exits.length ? [...pieces].sort((a, b) => gained(b) - gained(a)) : pieces;
}

/** The stretch of a street as plans have it, in a direction of travel (none: both). */
export function stretchOf(target, towards) {
  if (target.scope === "between") return { street: target.street, from: target.start, to: target.end };
  const named = target.scope === "whole" ? { street: target.street } : { point: target.start };
  return towards ? { ...named, towards } : named;
}

/** The junction as plans have it: by its streets where it has two, and by the place that settles which. */
export function junctionOf(target) {
  const [street, crossing] = target.streets;
  return crossing ? { street, crossing, point: target.point } : { point: target.point };
}

/** An arm of a junction in words: its street, and where traffic heads on it. */
export const armWords = ({ street, towards }) => say("{street}, {towards}bound", { street: street || say("unnamed road"), towards });

/** What names an arm among others: its street, and its direction where the street alone doesn't settle it. */
function named({ street, towards }, arms, [streetKey, towardsKey]) {
  const isAlone = street && arms.filter((other) => other.street === street).length === 1;
  return { ...(street ? { [streetKey]: street } : {}), ...(isAlone ? {} : { [towardsKey]: towards }) };
}

/** The movement through a junction from an arm into another, as plans have it. */
export const movementOf = ({ arriving, leaving }, from, to) => ({ ...named(from, arriving, ["from", "heading"]), ...named(to, leaving, ["to", "leaving"]) });

/** A side street at a junction as plans have it, from the arm that leads into it. */
export const sideStreetOf = ({ leaving }, arm) => named(arm, leaving, ["street", "heading"]);

/** Who gets green together: the arms of one street; each arm by itself where all are of one, or have no name. */
export function armsByStreet({ arriving }) {
  const isOne = new Set(arriving.map((arm) => arm.street)).size === 1;
  const groups = Map.groupBy(arriving, (arm) => (isOne || !arm.street ? armWords(arm) : arm.street));
  return [...groups].map(([words, arms]) => ({ words, movements: isOne || !arms[0].street ? arms.map((arm) => named(arm, arriving, ["from", "heading"])) : [{ from: arms[0].street }] }));
}

/** Where on the map an action of a plan is about; null where it says it in a way that the page doesn't know. */
export function spotOf(picture, given) {
  const place = given.where ?? given.approach ?? given.corridor ?? {}, exit = given.exit ?? (given.zones ? null : given.to_exit);
  const point = place.point ?? place.from?.point ?? (place.from?.lat === undefined ? null : place.from);
  if (point) return [point.lon, point.lat];
  if (place.street && place.crossing) return picture.junctions.features.find(({ properties: { streets } }) => streets.includes(place.street) && streets.includes(place.crossing))?.geometry.coordinates ?? null;
  if (place.street) return middleOf(picture.roads.features.filter(({ properties }) => properties.street === place.street));
  if (exit) return picture.exits.features.find(({ properties }) => properties.exit === exit)?.geometry.coordinates ?? null;
  const zone = given.zones?.[0];
  return zone ? centreOf(picture.zones.features.find(({ properties }) => properties.zone === zone)) : null;
}

function middleOf(pieces) {
  if (!pieces.length) return null;
  const { coordinates } = longestOf(pieces).geometry;
  return coordinates[Math.floor(coordinates.length / 2)];
}

/** The middle of what a polygon spans. */
export function centreOf(polygon) {
  const points = polygon?.geometry.coordinates.flat(polygon.geometry.type === "MultiPolygon" ? 2 : 1) ?? [];
  const [lons, lats] = [0, 1].map((at) => points.map((point) => point[at]));
  return points.length ? [(Math.min(...lons) + Math.max(...lons)) / 2, (Math.min(...lats) + Math.max(...lats)) / 2] : null;
}

const longestOf = (pieces) => pieces.reduce((a, b) => (b.properties.length_m > a.properties.length_m ? b : a));

/** What of the map a target is. */
export function shapesOf(picture, target) {
  const whole = target.kind === "street" && target.scope === "whole";
  const features = whole ? picture.roads.features.filter((item) => item.properties.street === target.street) : target.pieces;
  return { type: "FeatureCollection", features };
}
