// The two directions of a road: SUMO names the one that OpenStreetMap's way is drawn against with a minus.

const other = (edge) => (edge.startsWith("-") ? edge.slice(1) : `-${edge}`);

/** The roads, where the second direction of a road is marked as the twin of the first. */
export function withTwins(roads) {
  const known = new Set(roads.features.map((item) => item.properties.edge));
  return { ...roads, features: roads.features.map((item) => {
    const { edge } = item.properties, isTwin = Boolean(edge?.startsWith("-")) && known.has(other(edge));
    return { ...item, properties: { ...item.properties, isTwin } };
  }) };
}

/** Pieces of roads with their other directions, which the map doesn't draw from afar. */
export function bothDirections(roads, pieces) {
  const wanted = new Set(pieces.flatMap((item) => [item.properties.edge, other(item.properties.edge)]));
  return [...pieces, ...roads.features.filter((item) => wanted.has(item.properties.edge) && !pieces.includes(item))];
}
