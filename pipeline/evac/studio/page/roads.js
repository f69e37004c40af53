// The two directions of a road: SUMO names the one that OpenStreetMap's way is drawn against with a minus.

import { rankOf } from "./map-style.js";

const other = (edge) => (edge.startsWith("-") ? edge.slice(1) : `-${edge}`);

/**
 * What the map draws of roads: one direction of each, and the others as `twins`, which are seen from near alone.
 * Each has what the style asks about and nothing else: all of it is packed and unpacked for each tile.
 */
export function drawn({ features }) {
  const known = new Set(features.map((item) => item.properties.edge)), roads = [], twins = [];
  for (const item of features) {
    const { edge, street, highway } = item.properties, rank = rankOf(highway), isTwin = edge?.startsWith("-") && known.has(other(edge));
    (isTwin ? twins : roads).push({ ...item, properties: { street, rank } });
  }
  return { roads: { type: "FeatureCollection", features: roads }, twins: { type: "FeatureCollection", features: twins } };
}

/** Whether something under the pointer is a road. */
export const isRoad = ({ source }) => source === "roads" || source === "twins";

/** Pieces of roads with their other directions, which the map doesn't draw from afar. */
export function bothDirections(roads, pieces) {
  const wanted = new Set(pieces.flatMap((item) => [item.properties.edge, other(item.properties.edge)]));
  return [...pieces, ...roads.features.filter((item) => wanted.has(item.properties.edge) && !pieces.includes(item))];
}
