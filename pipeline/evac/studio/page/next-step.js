// What to do next, at the top of a panel, for whoever sees the page for the first time.
import { h } from "./dom.js";

/**
 * A sentence, and the buttons that do it.
 * @param {string} words
 * @param {...[string, () => void]} ways what a button says and does; the first stands out
 */
export function nextStep(words, ...ways) {
  return h("div", { class: "next" }, h("p", {}, words), ways.length ? h("div", { class: "row" }, ways.map(([title, go], number) => h("button", { type: "button", class: number ? "" : "primary", onclick: go }, title))) : null);
}
