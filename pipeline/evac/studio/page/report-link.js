// The report that is there: what it is of, and a link that opens it in a tab of its own.
import { ask, part } from "./api.js";
import { sending } from "./answers.js";
import { fill, h, say } from "./dom.js";
import { problemsList } from "./problems.js";

/** The link; while there is no report what says so, if anything. */
export function reportLink(name, missing = null) {
  const element = h("div", { class: "report" }), told = h("div", {});
  ask(`places/${part(name)}/report`).then(({ plans, folder, made }) => {
    if (!made) {
      fill(element, missing);
      return;
    }
    fill(element, h("p", {}, h("button", { type: "button", onclick: open }, say("Open the report")),
      ` ${say("of {plans}, made {when}; in the folder {folder}", { plans: plans.join(", "), when: new Date(made).toLocaleString(), folder })}`), told);
  }, (error) => fill(element, problemsList(error)));
  const open = sending(told, () => openPage(name, "report"));
  return element;
}

/** Open the page of a place's report, or of its search, in a tab of its own. */
async function openPage(name, page) {
  const tab = window.open("", "_blank");
  try {
    const { url } = await ask(`places/${part(name)}/report`, { method: "POST", body: { page } });
    tab.opener = null;
    tab.location = url;
  } catch (error) {
    tab?.close();
    throw error;
  }
}

/** A button that opens the page of a place's search, which it has from its beginning on. */
export function searchPageButton(name) {
  const told = h("div", {});
  return [h("button", { type: "button", onclick: sending(told, () => openPage(name, "search")) }, say("Open the page of the search")), told];
}
