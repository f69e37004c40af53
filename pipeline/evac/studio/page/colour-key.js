// What the colours on the map mean.
import { h, say } from "./dom.js";

/**
 * A key.
 * @param {[string, string][]} rows colours by their names in the page's style, and what they mean
 */
export const colourKey = (rows) => (rows.length ? h("ul", { class: "colours", "aria-label": say("Colours on the map") }, rows.map(([name, words]) => h("li", { class: name }, words))) : null);

/** That of queues: the bounds are those of the map's layer. */
export const queueKey = () => colourKey([["queue-few", say("fewer than 5 queue")], ["queue-some", say("5 to 19")], ["queue-many", say("20 or more on a piece of street")]]);
