"use strict";
// What the page's scripts share: text, numbers as people read them, and line charts. All text goes in as textContent:
// names are other people's.
const evacPage = (function () {
  const DASHES = ["", "7 4", "2 3", "10 3 2 3"], COLOURS = ["var(--chart-0)", "var(--chart-1)", "var(--chart-2)", "var(--chart-3)"];
  const LABEL_PX = 14;
  const find = (id) => document.getElementById(id);
  const count = (number) => Math.round(number).toLocaleString("en");

  function clock(seconds) {
    const minutes = Math.floor(seconds / 60);
    return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
  }

  // The page's words in the report's language, from the English ones, with values in the places that they name.
  const spoken = JSON.parse(find("page-words").textContent);
  const say = (english, values) => (spoken[english] || english).replace(/\{(\w+)\}/g, (whole, name) => (values && name in values ? String(values[name]) : whole));

  const hours = (seconds) => (seconds === null ? say("not cleared") : `${clock(Math.round(seconds / 60) * 60)} h`);

  function element(tag, words) {
    const made = document.createElement(tag);
    if (words !== undefined) made.textContent = words;
    return made;
  }

  const paragraph = (words) => element("p", words);

  function option(value, words) {
    const made = element("option", words);
    made.value = String(value);
    return made;
  }

  function node(tag, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  function label(words, x, y, anchor) {
    const made = node("text", { x, y, "text-anchor": anchor, "font-size": 12, fill: "currentColor" });
    made.textContent = words;
    return made;
  }

  // Where labels stand so that none covers another: as near as may be to what each is of, in the same order.
  function spread(wanted, lowest) {
    const order = wanted.map((_, number) => number).sort((one, other) => wanted[one] - wanted[other]);
    const placed = [...wanted];
    order.forEach((number, place) => { if (place) placed[number] = Math.max(wanted[number], placed[order[place - 1]] + LABEL_PX); });
    const over = Math.max(0, (placed[order[order.length - 1]] || 0) - lowest);
    return placed.map((y) => y - over);
  }

  // A small line chart over time steps (s): `lines` of { name, values }; `at`: the step to mark. Its numbers stand in
  // the text beside it, so it is hidden from screen readers.
  function chart(lines, steps_s, at) {
    const width = 640, height = 170, left = 44, right = 150, bottom = 26, top = 8;
    const most = Math.max(1, ...lines.flatMap((line) => line.values)), last = Math.max(1, steps_s.length - 1);
    const x = (step) => left + (step / last) * (width - left - right), y = (value) => height - bottom - (value / most) * (height - bottom - top);
    const svg = node("svg", { viewBox: `0 0 ${width} ${height}`, class: "map-chart", "aria-hidden": "true" });
    svg.append(node("path", { d: `M${left} ${top}V${height - bottom}H${width - right}`, stroke: "var(--soft)", fill: "none" }));
    for (const [value, place] of [[0, height - bottom], [most, top + 8]]) svg.append(label(count(value), left - 6, place, "end"));
    for (const step of [0, Math.round(last / 2), last]) svg.append(label(`${clock(steps_s[step] || 0)} h`, x(step), height - 8, "middle"));
    const drawn = lines.filter((line) => line.values.length);
    const ends = spread(drawn.map((line) => y(line.values[line.values.length - 1]) + 4), height - bottom);
    drawn.forEach((line, number) => {
      const colour = COLOURS[number % COLOURS.length], points = line.values.map((value, step) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
      svg.append(node("polyline", { points, fill: "none", stroke: colour, "stroke-width": 2, "stroke-dasharray": DASHES[number % DASHES.length] }));
      const name = label(line.name.length > 21 ? `${line.name.slice(0, 20)}…` : line.name, width - right + 6, ends[number], "start");
      name.setAttribute("fill", colour);
      svg.append(name);
    });
    if (at !== undefined) svg.append(node("line", { x1: x(at), x2: x(at), y1: top, y2: height - bottom, stroke: "var(--link)", "stroke-width": 1.5 }));
    return svg;
  }

  return { find, count, clock, hours, element, paragraph, option, chart, say };
})();
