// What can be clicked on the map can be chosen by its name too.
import { fill, h, say } from "./dom.js";

const SHOWN = 5;

/**
 * A field that offers names.
 * @param {Map<string, () => object>} names
 * @param {string} words what it is for
 * @param {string} placeholder
 * @param {(chosen: object) => void} choose
 */
export function finder(names, words, placeholder, choose) {
  const told = h("p", { class: "hint", role: "status" });
  const input = h("input", { type: "text", list: "things", placeholder, "aria-label": words, onchange: () => {
    const found = namesLike([...names.keys()], input.value);
    fill(told, found.length === 1 || !input.value.trim() ? null : wordsOf(found));
    if (found.length === 1) { choose(names.get(found[0])()); input.value = ""; }
  } });
  return h("div", { class: "finder" }, input, told, h("datalist", { id: "things" }, [...names.keys()].map((name) => h("option", { value: name }))));
}

/** The names that may be meant: the one that was written, with or without what kind of thing it is; else all that it is a part of. */
function namesLike(names, written) {
  const wanted = written.trim().toLowerCase(), plain = (name) => name.toLowerCase();
  if (!wanted) return [];
  const exact = names.filter((name) => name === written), bare = names.filter((name) => [plain(name), plain(name).replace(/^\S+ /, "")].includes(wanted));
  if (exact.length || bare.length) return exact.length ? exact : bare;
  return names.filter((name) => plain(name).includes(wanted));
}

function wordsOf(found) {
  if (!found.length) return say("Nothing here has this name.");
  const shown = found.slice(0, SHOWN).join(", ");
  return found.length > SHOWN ? say("Which one: {names}, or another of {n}?", { names: shown, n: found.length }) : say("Which one: {names}?", { names: shown });
}
