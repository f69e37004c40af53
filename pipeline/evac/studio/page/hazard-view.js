// What people flee from: which roads it has reached when, on the map, at the time of a slider; and which ways out close.
import { colourKey } from "./colour-key.js";
import { clock, fill, h, say } from "./dom.js";
import { withPlaces } from "./problems.js";

const STEP_MIN = 5;

/** The hazard of a place, in words; `show(diff)` adds what it does to the roads when nothing else changes them. */
export function hazardView({ picture: { hazard, roads }, map }) {
  if (!hazard) return { element: null, show: () => {}, fail: () => {} };
  const does = h("div", { role: "status" }, h("p", { class: "busy" }, say("Working out which roads it reaches …")));
  return { element: [h("h3", {}, say("Hazard")), h("p", {}, h("strong", {}, hazard.name)), hazard.note ? h("p", { class: "note" }, hazard.note) : null, does],
    show: ({ warnings, reached }) => fill(does, warnings.map((text) => h("p", {}, withPlaces(text))), overTime(map, roads, reached)),
    fail: () => fill(does) };
}

/** The roads that are reached up to a time; all that ever are, to begin with. */
function overTime(map, roads, reached) {
  const times = Object.values(reached);
  if (!times.length) return null;
  const last = STEP_MIN * Math.ceil(Math.max(...times) / 60 / STEP_MIN);
  const slider = h("input", { type: "range", min: "0", max: String(last), step: String(STEP_MIN), value: String(last), class: "time", "aria-label": say("Time after the order"), oninput: draw });
  const said = h("output", {});
  function draw() {
    const until = 60 * Number(slider.value);
    const features = roads.features.filter(({ properties: { edge } }) => reached[edge] <= until).map((item) => ({ ...item,
      properties: { sort: "closed", words: say("{street}: reached {time} h after the order", { street: item.properties.street || say("unnamed road"), time: clock(Math.max(0, reached[item.properties.edge])) }) } }));
    map.put("changes", { type: "FeatureCollection", features });
    said.textContent = say("Reached up to {time} h after the order", { time: clock(until) });
  }
  draw();
  return h("fieldset", {}, h("legend", {}, say("Roads that it reaches")), said, slider, colourKey([["closed", say("reached")]]));
}
