// The curve of an evacuation: the share of vehicles that are out, and that wanted to leave, against hours.
import { clock, count, h, say } from "./dom.js";

const SPACE = "http://www.w3.org/2000/svg";
const WIDTH = 360, HEIGHT = 200, LEFT = 38, BOTTOM = 26, TOP = 10, RIGHT = 10;
const STEPS_MIN = [10, 15, 30, 60, 120, 240, 480];

function s(name, about, ...content) {
  const element = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(about)) element.setAttribute(key, value);
  element.append(...content);
  return element;
}

/**
 * Draw curves.
 * @param {{name: string, curve: {minute: number[], departed: number[], evacuated: number[]}, planned: number}[]} runs
 */
export function curveChart(runs) {
  const last = Math.max(10, ...runs.map(({ curve }) => curve.minute.at(-1) ?? 0));
  const x = (minute) => LEFT + (WIDTH - LEFT - RIGHT) * minute / last;
  const y = (share) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - share);
  const step = STEPS_MIN.find((minutes) => last / minutes <= 6) ?? 960;
  const path = (curve, values, planned) => curve.minute.map((minute, i) => `${i ? "L" : "M"}${x(minute).toFixed(1)},${y(values[i] / Math.max(planned, 1)).toFixed(1)}`).join("");
  const picture = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img", "aria-label": inWords(runs) },
    ...[0, 0.5, 0.9, 1].map((share) => s("g", {}, s("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(share), y2: y(share), class: "grid" }),
      s("text", { x: LEFT - 5, y: y(share) + 4, "text-anchor": "end" }, `${share * 100} %`))),
    ...Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => i * step).map((minute) =>
      s("text", { x: x(minute), y: HEIGHT - 8, "text-anchor": "middle" }, clock(minute * 60))),
    ...runs.flatMap(({ curve, planned }, number) => [
      s("path", { d: path(curve, curve.departed, planned), class: `departed run-${number}` }),
      s("path", { d: path(curve, curve.evacuated, planned), class: `out run-${number}` })]));
  const key = h("ul", { class: "key-of-chart" }, runs.map(({ name }, number) => h("li", { class: `run-${number}` }, say("{plan}: out (solid), left home (dashed)", { plan: name }))));
  return h("figure", {}, picture, h("figcaption", {}, say("Share of the vehicles against hours after the order"), key));
}

function inWords(runs) {
  return runs.map(({ name, curve, planned }) => say("{plan}: {out} of {planned} vehicles out after {time} h", {
    plan: name, out: count(curve.evacuated.at(-1) ?? 0), planned: count(planned), time: clock((curve.minute.at(-1) ?? 0) * 60) })).join("; ");
}
