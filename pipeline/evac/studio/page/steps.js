// What is being done, which the toolkit tells in English, in the page's words; a test holds the list to what it tells.
import { sayAs, sentence } from "./dom.js";

const heard = sentence; // `heard("…")` is looked for in here, for the catalogue

const STEPS = [
  heard("Preparing"), heard("Looking up {place}"), heard("Cutting the roads out of {file}"), heard("Fetching roads and buildings from OpenStreetMap"),
  heard("Fetching roads and buildings from OpenStreetMap, {km} km around"), heard("OpenStreetMap: {what}, tile {n} of {all}"),
  heard("Fetching households from the census"), heard("census: {overlap} the area; asking for the households of {counties}"),
  heard("{service}: {reason}; asking again in {n} s"), heard("Counting dwellings on the map"), heard("Reading roads and buildings from {file}"),
  heard("Placing households"), heard("Building the network"), heard("Warning: {text}"),
  heard("Laying the variants over the network"), heard("Laying the plan over the network"), heard("Laying {plan} over the network"), heard("Drawing the map"), heard("Checking the map"),
  heard("Working out what no plan can beat"), heard("Asking OpenStreetMap"), heard("Reading the area"), heard("Reading the extract"),
  heard("Writing the report"), heard("has begun"), heard("the first run, which shows where queues stand"), heard("1 plan tried, trying: {words}"), heard("{n} plans tried, trying: {words}"),
  heard("letting things go wrong with {words}"), heard("with {n} of {all} seeds that chose nothing: {words}"), heard("with {n} seeds: {words}"), heard("What it is trying: {page}"),
];

/** A line of progress in the page's language; one that nobody has foreseen stays as it is. */
export function stepWords(text) {
  for (const step of STEPS) {
    const said = sayAs(step, text);
    if (said !== null) return said;
  }
  return text;
}
