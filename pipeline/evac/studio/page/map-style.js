// How the map is drawn: its sources and layers, in the colours of the page.
// A road is two directions. From afar one of them is drawn, and of small roads no edge: half the lines, and nobody sees it.
// What isn't seen from afar comes after the first picture.

export const EMPTY = { type: "FeatureCollection", features: [] };
export const SHOWN = ["area", "zones", "roads", "none", "unused", "safe", "exits", "zone_names"];
export const SEEN_FROM_NEAR = ["twins", "closed", "junctions"];
export const POINTED = ["gains", "queues", "marks", "changes", "spots", "chosen"];
const EDITED = ["closed", "crossings"]; // layers of what a plan may change besides streets
const WIDE = ["motorway", "trunk", "primary"], MIDDLE = ["secondary", "tertiary", "motorway_link", "trunk_link", "primary_link"];
const FONT = ["sans-serif"];
const NEAR = 13; // zoom

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** The ranks of roads, the smallest first: each is a layer of its own, which a frame draws sooner than what each road looks like by itself. */
const RANKS = [
  { rank: "small", edge: [0.7, 2.2, 8], width: [0.5, 1, 6.5] },
  { rank: "middle", edge: [1.3, 3.4, 11], width: [0.8, 2, 9] },
  { rank: "wide", edge: [2, 4.4, 13], width: [1.4, 3, 11] },
];

/** The rank of a road, by OpenStreetMap's class. */
export const rankOf = (highway) => (WIDE.includes(highway) ? "wide" : MIDDLE.includes(highway) ? "middle" : "small");

/** The layers in which the pointer finds roads. */
export const ROADS = RANKS.flatMap(({ rank }) => [`twins-${rank}`, `roads-${rank}`]);
const ENDS = { "line-cap": ["step", ["zoom"], "butt", NEAR, "round"], "line-join": ["step", ["zoom"], "bevel", NEAR, "round"] };
const zoomed = (...stops) => ["interpolate", ["exponential", 1.6], ["zoom"], ...stops];

/**
 * Whether a layer is drawn now. One without features would cost as much as one with some: tiles are made for it, and
 * each is clipped in each frame.
 */
export const visibility = ({ id, source }, content, edits) => (!source || (content[source]?.features.length && (edits || !EDITED.includes(id))) ? "visible" : "none");

const ground = () => ({ id: "ground", type: "background", paint: { "background-color": colour("map-ground") } });

/** The style of a map that shows nothing yet. */
export const bare = () => ({ version: 8, sources: {}, layers: [ground()] });

/** The style with what is shown now; `edits` shows what a plan may change besides. */
export function style(content, edits) {
  const seen = (layer) => ({ ...layer, layout: { ...layer.layout, visibility: visibility(layer, content, edits) } });
  const ink = colour("map-ink"), halo = colour("map-ground");
  const label = (size) => ({ "text-font": FONT, "text-size": size });
  const inked = { "text-color": ink, "text-halo-color": halo, "text-halo-width": 1.6 };
  const ofSeverity = ["match", ["get", "severity"], "error", colour("bad"), "warning", colour("warn"), colour("note")];
  const lines = (kind, line, from) => ["twins", "roads"].flatMap((source) => RANKS.map((of) => ({ id: `${source}${kind}-${of.rank}`, type: "line", source, filter: ["==", ["get", "rank"], of.rank],
    minzoom: source === "twins" ? NEAR : from(of), layout: ENDS, paint: line(of) }))); // one source after the other: at each change of it all tiles are clipped anew
  const widths = ([far, near, nearest]) => zoomed(9, far, 13, near, 18, nearest);
  const roadColour = ({ rank }) => (rank === "small" ? ["step", ["zoom"], colour("road-far"), NEAR, colour("road")] : colour(`road-${rank}`));
  const edges = lines("-edges", (of) => ({ "line-color": colour("road-edge"), "line-width": widths(of.edge) }), ({ rank }) => (rank === "small" ? NEAR : 0));
  const surfaces = lines("", (of) => ({ "line-color": roadColour(of), "line-width": widths(of.width) }), () => 0);
  return {
    version: 8,
    transition: { duration: 0, delay: 0 }, // else a map that has all is drawn anew for as long before it says so
    sources: Object.fromEntries([...SHOWN, ...SEEN_FROM_NEAR, ...POINTED].map((name) => [name, { type: "geojson", data: content[name] ?? EMPTY }])),
    layers: [
      ground(),
      { id: "area", type: "fill", source: "area", paint: { "fill-color": colour("area"), "fill-opacity": 0.1, "fill-antialias": false } },
      { id: "area-edge", type: "line", source: "area", paint: { "line-color": colour("area"), "line-width": 2 } },
      { id: "zones", type: "fill", source: "zones", paint: { "fill-color": colour("area"), "fill-opacity": 0.06, "fill-antialias": false } },
      { id: "zone-edges", type: "line", source: "zones", paint: { "line-color": colour("area"), "line-width": 1, "line-dasharray": [4, 3] } },
      { id: "gains", type: "fill", source: "gains",
        paint: { "fill-color": ["case", [">", ["get", "later_min"], 0], colour("fewer"), colour("more")], "fill-opacity": ["interpolate", ["linear"], ["abs", ["get", "later_min"]], 0, 0, 30, 0.5] } },
      ...edges,
      ...surfaces,
      { id: "queues", type: "line", source: "queues", layout: { "line-cap": "round" },
        paint: { "line-color": ["step", ["get", "queue"], colour("queue-few"), 5, colour("queue-some"), 20, colour("queue-many")], "line-width": zoomed(10, 3, 18, 12) } },
      { id: "chosen", type: "line", source: "chosen", layout: { "line-cap": "round" },
        paint: { "line-color": colour("chosen"), "line-width": zoomed(10, 4, 18, 13), "line-opacity": 0.85 } },
      { id: "changes", type: "line", source: "changes", layout: { "line-cap": "round", "line-sort-key": ["match", ["get", "sort"], "closed", 0, 1] },
        paint: { "line-color": ["match", ["get", "sort"], "more", colour("more"), "fewer", colour("fewer"), "closed", colour("closed"), colour("other")],
          "line-width": zoomed(10, 3, 18, 11), "line-offset": ["interpolate", ["linear"], ["zoom"], 14, 2, 17, 0] } },
      { id: "road-names", type: "symbol", source: "roads", minzoom: 13.5, filter: ["!=", ["get", "street"], ""],
        layout: { "symbol-placement": "line", "text-field": ["get", "street"], ...label(12), "symbol-spacing": 320, "text-padding": 12 }, paint: inked },
      { id: "closed", type: "line", source: "closed", minzoom: 13.5,
        paint: { "line-color": colour("note"), "line-width": zoomed(13, 0.8, 18, 5), "line-dasharray": [2, 2], "line-opacity": 0.7 } },
      { id: "crossings", type: "circle", source: "junctions", minzoom: 14,
        paint: { "circle-radius": zoomed(14, 3.5, 18, 8), "circle-color": halo, "circle-stroke-color": colour("chosen"), "circle-stroke-width": 1.5 } },
      { id: "junctions", type: "circle", source: "junctions", minzoom: 15, filter: ["get", "signal"],
        paint: { "circle-radius": 5, "circle-color": colour("signal"), "circle-stroke-color": halo, "circle-stroke-width": 1.5 } },
      { id: "none", type: "circle", source: "none", paint: { "circle-radius": 6, "circle-color": halo, "circle-stroke-color": colour("bad"), "circle-stroke-width": 2.5 } },
      { id: "unused", type: "circle", source: "unused", paint: { "circle-radius": 6, "circle-color": halo, "circle-stroke-color": colour("exit"), "circle-stroke-width": 2.5 } },
      { id: "safe", type: "circle", source: "safe", paint: { "circle-radius": ["match", ["get", "kind"], "refuge", 9, 6], "circle-color": ["match", ["get", "kind"], "refuge", colour("refuge"), colour("bus")], "circle-stroke-color": halo, "circle-stroke-width": 2 } },
      { id: "exits", type: "circle", source: "exits", paint: { "circle-radius": 9, "circle-color": ["case", ["has", "closed"], halo, colour("exit")],
        "circle-stroke-color": ["case", ["has", "closed"], colour("bad"), halo], "circle-stroke-width": ["case", ["has", "closed"], 4, 2] } },
      { id: "spots", type: "circle", source: "spots",
        paint: { "circle-radius": 7, "circle-color": ["match", ["get", "sort"], "cut off", colour("bad"), colour("other")], "circle-stroke-color": halo, "circle-stroke-width": 2 } },
      { id: "marks", type: "circle", source: "marks",
        paint: { "circle-radius": ["case", ["boolean", ["feature-state", "chosen"], false], 11, 5.5], "circle-color": ofSeverity, "circle-stroke-color": halo, "circle-stroke-width": 2 } },
      { id: "zone-names", type: "symbol", source: "zone_names", // beside its place where an exit's words stand
        layout: { "text-field": ["get", "zone"], ...label(13), "text-variable-anchor": ["center", "top", "bottom", "left", "right"], "text-radial-offset": 1 }, paint: inked },
      { id: "safe-names", type: "symbol", source: "safe", filter: ["==", ["get", "kind"], "refuge"],
        layout: { "text-field": ["get", "name"], ...label(13), "text-variable-anchor": ["top", "left", "right", "bottom"], "text-radial-offset": 1.2, "text-max-width": 14, "text-allow-overlap": true },
        paint: { ...inked, "text-color": colour("refuge"), "text-halo-width": 2.2 } },
      { id: "exit-names", type: "symbol", source: "exits",
        layout: { "text-field": ["get", "words"], ...label(13), "text-variable-anchor": ["top", "left", "right", "bottom"], "text-radial-offset": 1.2, "text-justify": "auto", "text-max-width": 14, "text-allow-overlap": true },
        paint: { ...inked, "text-color": ["case", ["has", "closed"], colour("bad"), colour("exit")], "text-halo-width": 2.2 } },
    ].map(seen),
  };
}
