// A button that sends a file.
import { ask, part } from "./api.js";
import { fill, h, say } from "./dom.js";
import { problemsList } from "./problems.js";

/**
 * The button; `sent` is told the file's name, `told` shows what is wrong with it.
 * @param {"extract"|"area"|"households"} kind
 * @param {string} words
 * @param {string} accept endings
 * @param {(name: string) => void} sent
 * @param {HTMLElement} told
 */
export function fileButton(kind, words, accept, sent, told) {
  const status = h("span", { class: "key", role: "status" });
  const input = h("input", { type: "file", accept, class: "file", "aria-label": words, onchange: async () => {
    const [file] = input.files;
    if (!file) return;
    status.textContent = say("sending …");
    fill(told);
    try {
      const { name } = await ask(`uploads/${kind}/${part(file.name)}`, { method: "PUT", body: file });
      status.textContent = name;
      sent(name);
    } catch (error) {
      status.textContent = "";
      fill(told, problemsList(error));
    } finally {
      input.value = ""; // so that the same file can be sent again when it has been mended
    }
  } });
  return h("label", { class: "file-button" }, h("span", { class: "button" }, words), input, status);
}
