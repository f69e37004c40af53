// What can be clicked on the map can be chosen by its name too.
import { h } from "./dom.js";

/**
 * A field that offers names.
 * @param {Map<string, () => object>} names
 * @param {string} words what it is for
 * @param {string} placeholder
 * @param {(chosen: object) => void} choose
 */
export function finder(names, words, placeholder, choose) {
  const input = h("input", { type: "text", list: "things", placeholder, "aria-label": words, onchange: () => {
    const found = names.get(input.value);
    if (found) { choose(found()); input.value = ""; }
  } });
  return h("div", { class: "finder" }, input, h("datalist", { id: "things" }, [...names.keys()].map((name) => h("option", { value: name }))));
}
