// Where: the place in figures, its ways out, and what to look at before anything is believed.
import { ask, part } from "./api.js";
import { count, fill, h, problemsList, say } from "./dom.js";
import { exitWords } from "./map.js";

const RANK = { error: () => say("wrong"), warning: () => say("doubtful"), note: () => say("worth knowing") };

export function placePanel(body, { name, picture, map, isOpen }) {
  const list = h("ol", { class: "findings" }, h("li", { class: "busy" }, say("Checking …")));
  const heading = h("h3", {}, say("What to look at"));
  fill(body,
    h("h2", {}, picture.name), picture.note ? h("p", { class: "note" }, picture.note) : null,
    h("p", { class: "big" }, h("strong", {}, count(picture.households)), ` ${say("households")}`),
    h("h3", {}, say("Ways out")),
    h("ul", { class: "exits" }, picture.exits.features.map((item) => exitRow(item, map))),
    picture.none.features.length ? h("details", {}, h("summary", {}, say("Roads that leave the area and are no exit")),
      h("ul", {}, picture.none.features.map((item) => h("li", {}, h("button", { type: "button", class: "to-map",
        onclick: () => map.flyTo(item.geometry.coordinates) }, item.properties.road), ` ${item.properties.reason}`)))) : null,
    heading, list,
  );
  ask(`places/${part(name)}/findings`).then((findings) => {
    if (!isOpen() || !list.isConnected) return;
    map.put("marks", findings);
    heading.textContent = say("What to look at ({n})", { n: findings.features.length });
    const buttons = findings.features.map((item) => findingRow(item, () => pick(item)));
    fill(list, buttons);
    function pick(item) {
      map.map.removeFeatureState({ source: "marks" });
      map.map.setFeatureState({ source: "marks", id: item.id }, { chosen: true });
      map.flyTo(item.geometry.coordinates);
      buttons.forEach((row, number) => row.firstElementChild.setAttribute("aria-pressed", String(findings.features[number] === item)));
    }
    map.on("click", (event, found) => {
      const mark = found.find((item) => item.layer.id === "marks");
      if (!mark) return;
      const item = findings.features.find((other) => other.id === mark.id);
      pick(item);
      buttons[findings.features.indexOf(item)].firstElementChild.focus();
    });
  }, (error) => fill(list, h("li", {}, problemsList(error))));
}

function exitRow(item, map) {
  const [name, passes] = exitWords(item.properties).split("\n");
  return h("li", {}, h("button", { type: "button", class: "to-map", onclick: () => map.flyTo(item.geometry.coordinates) }, name), ` ${passes}`);
}

function findingRow(item, onclick) {
  const { severity, text } = item.properties;
  return h("li", { class: severity }, h("button", { type: "button", "aria-pressed": "false", onclick },
    h("span", { class: "rank" }, RANK[severity]()), h("span", {}, text)));
}
