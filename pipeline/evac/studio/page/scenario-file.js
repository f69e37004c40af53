// The scenario's own file as the page changes it: each change on the state that was seen, and back.
import { ask, askWhole, part } from "./api.js";
import { oneByOne } from "./answers.js";
import { say } from "./dom.js";

const own = new Set(); // tags of the states that this page has made
const undone = new Map(); // by place: the text before each change and the tag after it, for as long as the page is open

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
    this.inTurn = oneByOne();
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

  change(edit) {
    return this.inTurn(async () => {
      if (!this.content) await this.read(); // a quick hand, or a first reading that has failed
      const before = this.content.text;
      await this.#send(edit);
      undone.set(this.place, [...(undone.get(this.place) ?? []), { before, made: this.tag }]);
      this.changed();
    });
  }

  get canUndo() { return Boolean(undone.get(this.place)?.length); }

  /** Take the last change back, unless somebody has changed the file since: that would be lost with it. */
  undo() {
    return this.inTurn(async () => {
      await this.read();
      const steps = undone.get(this.place) ?? [], last = steps.at(-1);
      if (last?.made !== this.tag) {
        undone.delete(this.place);
        throw new Error(say("The place has been changed elsewhere since, and undo would take that back too: make your change anew."));
      }
      await this.#send({ do: "text", text: last.before });
      steps.pop();
      this.changed();
    });
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
