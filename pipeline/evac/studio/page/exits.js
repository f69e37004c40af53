// The ways out: what each passes, which are refused, what lies beyond, and those that are added.
import { sending, sendingForm } from "./answers.js";
import { count, fill, h, say } from "./dom.js";
import { closedWords, exitWords } from "./map.js";

/** What a way out passes at most, in words: few evacuations get as much through a lane. */
function passesWords(properties) {
  const { lanes, veh_per_h: limit, most_veh_per_h: most } = properties;
  if (limit) return exitWords(properties).split("\n")[1];
  return lanes === 1 ? say("1 lane, at most {n} vehicles an hour", { n: count(most) }) : say("{lanes} lanes, at most {n} vehicles an hour", { lanes, n: count(most) });
}

/** The list of ways out, each with what changes it; `show(exit)` opens that of one. */
export function exitList({ picture, map }, file) {
  const rows = new Map(picture.exits.features.map((item) => [item.properties.exit, row(item)]));
  function row(item) {
    const { exit: name } = item.properties, passes = passesWords(item.properties);
    const form = h("div", {}), closed = h("p", { class: "bad" });
    const button = h("button", { type: "button", class: "edits small", "aria-expanded": "false", "aria-label": say("Change: {exit}", { exit: name }), onclick: () => (form.childElementCount ? close() : open()) }, say("Change"));
    function close() { fill(form); button.setAttribute("aria-expanded", "false"); }
    function open() {
      button.setAttribute("aria-expanded", "true");
      fill(form, exitForm(item.properties, file, close));
    }
    const element = h("li", {}, h("div", { class: "exit-row" }, h("span", {}, h("button", { type: "button", class: "to-map", onclick: () => map.flyTo(item.geometry.coordinates) }, name), h("small", {}, passes)), button), closed, form);
    return { element, closed, open: () => { if (!form.childElementCount) open(); element.scrollIntoView({ block: "nearest" }); form.querySelector("input").focus({ preventScroll: true }); } };
  }
  return { element: h("ul", { class: "exits" }, [...rows.values()].map((item) => item.element)), show: (exit) => rows.get(exit)?.open(),
    close: (closed) => { for (const item of closed) rows.get(item.exit)?.closed.append(`${say("By the hazard")}: ${closedWords(item)} `); } };
}

function exitForm({ exit, veh_per_h: limit }, file, leave) {
  const told = h("div", {});
  const beyond = h("input", { type: "number", min: "1", max: "10000", value: limit ? String(limit) : "", placeholder: say("its lanes decide") });
  const send = sending(told, (edit) => file.change(edit));
  return h("form", { class: "action", onsubmit: (event) => { event.preventDefault(); send({ do: "capacity", exit, veh_per_h: beyond.value ? Number(beyond.value) : null }); } },
    h("label", { class: "wide" }, say("The road beyond takes at most, vehicles an hour"), beyond),
    h("div", { class: "row" }, h("button", { class: "primary", type: "submit" }, say("Save")),
      h("button", { type: "button", onclick: () => send({ do: "refuse", exit }) }, say("Refuse it as a way out")),
      h("button", { type: "button", onclick: leave }, say("Leave it"))), told);
}

/**
 * A form that makes a road a way out.
 * @param {object} file of the scenario
 * @param {{name: string, where: object}} road what it is called, and what says where
 * @param {() => void} leave
 */
export function newExitForm(file, { name, where }, leave) {
  const told = h("div", {}), title = h("input", { type: "text", required: true, maxlength: "120", value: name });
  const beyond = h("input", { type: "number", min: "1", max: "10000", placeholder: say("its lanes decide") });
  const add = () => file.change({ do: "add exit", name: title.value, where, veh_per_h: beyond.value ? Number(beyond.value) : null });
  return h("form", { class: "action", onsubmit: sendingForm(told, add) }, h("label", { class: "wide" }, say("What people call it"), title), h("label", { class: "wide" }, say("The road beyond takes at most, vehicles an hour"), beyond),
  h("div", { class: "row" }, h("button", { class: "primary", type: "submit" }, say("Use it as a way out")), h("button", { type: "button", onclick: leave }, say("Leave it"))), told);
}

/** The roads that leave the area and are no way out, each with the reason and what makes it one. */
export function otherRoads({ picture, map }, choose) {
  const item = (feature, road, reason, where) => h("li", {}, h("button", { type: "button", class: "to-map", onclick: () => map.flyTo(feature.geometry.coordinates) }, road), ` ${reason} `,
    h("button", { type: "button", class: "edits small", "aria-label": say("Use as a way out: {road}", { road }), onclick: () => choose({ name: road, where }, feature) }, say("Use it")));
  const unused = picture.unused.features.map((feature) => item(feature, feature.properties.road, say("leads on, and isn't used"), { edge: feature.properties.edges[0] }));
  const none = picture.none.features.map((feature) => item(feature, feature.properties.road, feature.properties.reason, pointOf(feature)));
  if (!unused.length && !none.length) return null;
  return h("details", {}, h("summary", {}, say("Roads that leave the area and are no way out ({n})", { n: unused.length + none.length })), h("ul", {}, unused, none));
}

/** Where a road is that the network doesn't name. */
export function pointOf({ geometry: { coordinates: [lon, lat] } }) { return { point: { lat: Math.round(lat * 1e6) / 1e6, lon: Math.round(lon * 1e6) / 1e6 } }; }
