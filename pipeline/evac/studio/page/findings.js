// What to look at before anything is believed: the findings of the check, on the map and as rows, each with its remedy.
import { h, say } from "./dom.js";
import { correctionForm } from "./correction-form.js";

const RANK = { error: () => say("wrong"), warning: () => say("doubtful"), note: () => say("worth knowing") };

/** The rows of the findings; `pick(id)` chooses one, as a click on its mark does. */
export function findingRows(findings, map, file) {
  const rows = findings.features.map(row);
  function row(item) {
    const { severity, text, ways } = item.properties;
    const form = h("div", {});
    const button = h("button", { type: "button", "aria-pressed": "false", onclick: () => pick(item.id) }, h("span", { class: "rank" }, RANK[severity]()), h("span", {}, text));
    const correct = h("button", { type: "button", class: "edits small", "aria-label": say("Correct it: {finding}", { finding: text }), onclick: () => {
      pick(item.id);
      form.replaceChildren(correctionForm(file, ways, () => form.replaceChildren()));
    } }, say("Correct it"));
    return h("li", { class: severity }, button, ways.length ? correct : null, form);
  }
  function pick(id) {
    map.map.removeFeatureState({ source: "marks" });
    map.map.setFeatureState({ source: "marks", id }, { chosen: true });
    findings.features.forEach((item, number) => {
      rows[number].firstElementChild.setAttribute("aria-pressed", String(item.id === id));
      if (item.id === id) { map.flyTo(item.geometry.coordinates); rows[number].scrollIntoView({ block: "nearest" }); }
    });
  }
  return { rows, pick };
}
