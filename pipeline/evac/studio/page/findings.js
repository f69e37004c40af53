// What to look at before anything is believed: the findings of the check, on the map and as rows, each with its remedy.
import { count, h, say } from "./dom.js";
import { correctionForm } from "./correction-form.js";

export const RANK = { error: () => say("wrong"), warning: () => say("doubtful"), note: () => say("worth knowing") };

/** What to do here about a finding whose own words are about files (`Finding.plain`). */
const ADVICE = {
  exit_ends: () => say("See that people are safe there; if not, refuse it as a way out, or say what the road beyond takes."),
  exit_inside: () => say("Make the place anew with a map that reaches beyond the area, or draw the area no farther than the map."),
  exit_presumed: () => say("See that it leads on; if not, refuse it as a way out."),
  exits_share: () => say("Say at each of these ways out how much of the road behind it gets, or make the place anew with more of the map."),
};
const SHOWN = 8;

/** A finding in the page's words. */
export const wordsOf = ({ text, plain, kind }) => (plain ? `${plain}. ${ADVICE[kind]?.() ?? ""}`.trim() : text);

/**
 * The findings as rows, of which the gravest are shown and the others folded away; and what they come to, in a sentence.
 * `pick(id)` chooses one, as a click on its mark does.
 */
export function findingRows(findings, map, file) {
  const rows = findings.features.map(row);
  const of = (...severities) => rows.filter((_, number) => severities.includes(findings.features[number].properties.severity));
  const shown = Math.max(SHOWN, of("error").length), more = rows.slice(shown);
  const folded = more.length ? h("details", { class: "folded" }, h("summary", {}, say("{n} more", { n: count(more.length) })), h("ol", { class: "findings" }, more)) : null;
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
      if (item.id !== id) return;
      if (folded?.contains(rows[number])) folded.open = true;
      map.flyTo(item.geometry.coordinates);
      rows[number].scrollIntoView({ block: "nearest" });
    });
  }
  return { rows: rows.slice(0, shown), folded, pick, words: sumWords(of("error").length, of("warning").length) };
}

function sumWords(wrong, doubtful) {
  if (!wrong && !doubtful) return say("Nothing is wrong or doubtful.");
  return say("{wrong} wrong, {doubtful} doubtful. Those that most cars pass come first; correct what you know better, and leave the rest.", { wrong: count(wrong), doubtful: count(doubtful) });
}
