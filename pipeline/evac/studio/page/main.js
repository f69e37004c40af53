// The page's beginning: a key for the token in the address, the words, and then the page itself.
import { openSession, ask } from "./api.js";
import { h, learnWords } from "./dom.js";

addEventListener("hashchange", () => { if (location.hash.startsWith("#token=")) location.reload(); }); // of a studio that was started again
const root = document.getElementById("studio");
try {
  await openSession();
  const { language, words, told } = await ask("words");
  learnWords(words, told);
  document.documentElement.lang = language;
  const { start } = await import("./app.js");
  await start(root);
} catch (error) {
  root.replaceChildren(h("p", { class: "alone", role: "alert" }, error.message));
  root.dataset.state = "failed";
}
