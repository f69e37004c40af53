// The page's beginning: a key for the token in the address, the words, and then the page itself.
import { ask, foresee, foreseeNoMore, openSession, part } from "./api.js";
import { h, learnWords } from "./dom.js";

addEventListener("hashchange", () => { if (location.hash.startsWith("#token=")) location.reload(); }); // of a studio that was started again
const libraries = new Promise((done) => { // they are read meanwhile
  if (document.readyState === "complete") done(); else addEventListener("DOMContentLoaded", done);
});
const root = document.getElementById("studio");
try {
  await openSession();
  foresee("places");
  const place = new URLSearchParams(location.hash.slice(1)).get("place");
  if (place) foresee(`places/${part(place)}/picture`);
  const { language, words, told } = await ask("words");
  learnWords(words, told);
  document.documentElement.lang = language;
  await libraries;
  const { start } = await import("./app.js");
  await start(root);
  foreseeNoMore();
} catch (error) {
  root.replaceChildren(h("p", { class: "alone", role: "alert" }, error.message));
  root.dataset.state = "failed";
}
