// The scenario's own file as the page changes it: each change on the state that was seen, and back.
import { ask, askWhole, part } from "./api.js";

const own = new Set(); // tags of the states that this page has made
const undone = new Map(); // by place: the texts before each change, for as long as the page is open

export class ScenarioFile {
  /**
   * @param {string} place
   * @param {() => void} changed shows the place as it is after a change
   */
  constructor(place, changed) {
    this.place = place;
    this.changed = changed;
    this.tag = null;
    this.content = null;
    this.reading = null;
    this.isSaving = false;
  }

  /** Whether a state of the file is news: this page hasn't made it, and isn't about to. */
  isNews(tag) { return !this.isSaving && tag !== this.tag && !own.has(tag); }

  /** Read the file as it is now; who asks while it is being read waits for the same answer. */
  read() {
    this.reading ??= askWhole(`places/${part(this.place)}/scenario`).then((found) => {
      this.#take(found);
      return found.content;
    }).finally(() => { this.reading = null; });
    return this.reading;
  }

  async change(edit) {
    if (!this.content) await this.read(); // a quick hand, or a first reading that has failed
    const before = this.content.text;
    await this.#send(edit);
    undone.set(this.place, [...(undone.get(this.place) ?? []), before]);
    this.changed();
  }

  get canUndo() { return Boolean(undone.get(this.place)?.length); }

  async undo() {
    const texts = undone.get(this.place);
    await this.read();
    await this.#send({ do: "text", text: texts.at(-1) });
    texts.pop();
    this.changed();
  }

  /** What the map says of ways, by their ids. */
  ways(ids) { return ask(`places/${part(this.place)}/ways`, { method: "POST", body: { ways: ids } }); }

  async #send(edit) {
    this.isSaving = true;
    try {
      const made = await askWhole(`places/${part(this.place)}/scenario`, { method: "PATCH", body: edit, headers: { "If-Match": this.tag } });
      own.add(made.tag);
      this.#take(made);
    } catch (error) {
      if (error.status === 412) await this.read();
      throw error;
    } finally {
      this.isSaving = false;
    }
  }

  #take({ content, tag }) { this.content = content; this.tag = tag; }
}
