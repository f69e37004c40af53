// What a plan's action is about: a street, a junction, a zone, an exit or a closed road, clicked or chosen by name.
import { say } from "./dom.js";

const DIGITS = 1e5; // of a degree: about a metre
const spot = ([lon, lat]) => ({ lat: Math.round(lat * DIGITS) / DIGITS, lon: Math.round(lon * DIGITS) / DIGITS });

/** What was clicked, from what is on the map there; a second place on the same street makes a stretch. */
export function clicked(picture, lonLat, found, before) {
  const of = (layer) => found.find((item) => item.layer.id === layer);
  const whole = (name, id) => picture[name].features.find((item) => item.id === id);
  if (of("exits")) return exitTarget(whole("exits", of("exits").id));
  const crossing = of("junctions") ?? of("crossings");
  if (crossing) return junctionTarget(whole("junctions", crossing.id));
  const roads = found.filter((item) => item.layer.id === "roads").map((item) => whole("roads", item.id));
  if (roads.length) {
    const { street } = roads[0].properties;
    const here = roads.filter((item) => item.properties.street === street);
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

const junctionTarget = (item) => ({ kind: "junction", streets: item.properties.streets, signal: item.properties.signal,
  name: item.properties.streets.join(" / ") || say("junction"), point: spot(item.geometry.coordinates), pieces: [item] });
const zoneTarget = (item) => ({ kind: "zone", zone: item.properties.zone, name: say("zone {zone}", { zone: item.properties.zone }), pieces: [] });
const exitTarget = (item) => ({ kind: "exit", exit: item.properties.exit, name: say("exit {exit}", { exit: item.properties.exit }), pieces: [item] });

/** Everything that can be chosen by name instead of a click, by its words. */
export function byName(picture) {
  const found = new Map();
  for (const item of picture.exits.features) found.set(say("exit {exit}", { exit: item.properties.exit }), () => exitTarget(item));
  for (const item of picture.zones.features) found.set(say("zone {zone}", { zone: item.properties.zone }), () => zoneTarget(item));
  const streets = Map.groupBy(picture.roads.features.filter((item) => item.properties.street), (item) => item.properties.street);
  for (const [street, pieces] of [...streets].sort(([a], [b]) => a.localeCompare(b))) found.set(say("street {street}", { street }), () => wholeStreet(street, pieces));
  for (const item of picture.junctions.features.filter((other) => other.properties.streets.length > 1)) {
    found.set(say("junction {streets}", { streets: item.properties.streets.join(" / ") }), () => junctionTarget(item));
  }
  return found;
}

function wholeStreet(street, pieces) {
  const longest = pieces.reduce((a, b) => (b.properties.length_m > a.properties.length_m ? b : a));
  const line = longest.geometry.coordinates;
  const middle = line[Math.floor(line.length / 2)];
  const directions = [...new Set(pieces.map((item) => item.properties.towards))];
  return { ...streetTarget(street, [longest], middle), scope: "whole", towards: [longest.properties.towards, ...directions.filter((item) => item !== longest.properties.towards)] };
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

/** What of the map a target is. */
export function shapesOf(picture, target) {
  const whole = target.kind === "street" && target.scope === "whole";
  const features = whole ? picture.roads.features.filter((item) => item.properties.street === target.street) : target.pieces;
  return { type: "FeatureCollection", features: features.filter((item) => item.geometry.type !== "Point") };
}
