// Small helpers of all panels: elements, words, numbers. Texts go in as text, never as HTML: names are other people's.

let words = {}, sentences = [];

/** Take other words for the page's texts, from the English ones; `told` has the toolkit's own, the longest first. */
export function learnWords(spoken, told) {
  words = spoken;
  sentences = told.map(sentence);
}

/**
 * A sentence in the page's language, with values in the places that it names, such as {plan}.
 * @param {string} english
 * @param {object} [values]
 */
export function say(english, values = {}) {
  return (words[english] ?? english).replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
}

/** A sentence of the toolkit's, in English: what finds it again, with whatever stands in its places. */
export const sentence = (english) => ({ english, pattern: new RegExp(`^${english.replace(/[.+*?()[\]\\^$|]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<_$1>.*)")}$`, "s") });

/** A text in the page's language if it is this sentence, and what stands in it as `inner` says it; else null. */
export function sayAs({ english, pattern }, text, inner = (part) => part) {
  const found = text.match(pattern);
  return found && say(english, Object.fromEntries(Object.entries(found.groups ?? {}).map(([name, part]) => [name.slice(1), inner(part)])));
}

/** What the toolkit says of a plan, in the page's language, with what stands in it; what is no such sentence stays as it is. */
export function sayTold(text) {
  for (const one of text ? sentences : []) {
    const said = sayAs(one, text, sayTold);
    if (said !== null) return said;
  }
  const [, before, aside] = text?.match(/^(.+) \(([^()]*)\)$/s) ?? [];
  if (sentences.length && before) return `${sayTold(before)} (${sayTold(aside)})`;
  const between = ["; ", ", "].find((sign) => sentences.length && text?.includes(sign));
  return between ? text.split(between).map(sayTold).join(between) : text;
}

/**
 * An element.
 * @param {string} name of the element
 * @param {object} [about] attributes; `on…` are listeners, `class`, `dataset`
 * @param {...(Node|string|null|Array)} content
 */
export function h(name, about = {}, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(about)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "dataset") Object.assign(element.dataset, value);
    else if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...kept(content));
  return element;
}

const kept = (content) => content.flat(Infinity).filter((item) => item !== null && item !== undefined && item !== false);

/** Put other content into an element; what is the same stays where it is, with whoever is on it. */
export function fill(element, ...content) {
  const wanted = kept(content), there = [...element.childNodes];
  if (wanted.length !== there.length || wanted.some((item, number) => item !== there[number])) element.replaceChildren(...wanted);
}

const NUMBER = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A number of things: 11,400. */
export const count = (value) => NUMBER.format(value);

/** Seconds after the order as h:mm; a dash where it is never reached. */
export function clock(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}

/** What a plan or an action takes, in words. */
export function takes(resources) {
  const said = {
    officers: (n) => (n === 1 ? say("1 officer") : say("{n} officers", { n: count(n) })),
    signs: (n) => (n === 1 ? say("1 sign") : say("{n} signs", { n: count(n) })),
    cones: (n) => (n === 1 ? say("1 cone") : say("{n} cones", { n: count(n) })),
    barricades: (n) => (n === 1 ? say("1 barricade") : say("{n} barricades", { n: count(n) })),
  };
  const parts = Object.entries(said).filter(([name]) => resources?.[name]).map(([name, words]) => words(resources[name]));
  return parts.join(", ") || say("nothing");
}
