// What is being run, heard from the server as it happens: one stream for the whole page.
import { ask, listen, part } from "./api.js";
import { say } from "./dom.js";

const AGAIN_MS = 1500;

/** The jobs, the last first, and who wants to hear of them. */
export class Jobs {
  constructor() {
    this.all = [];
    this.hearers = new Set();
    this.connected = false;
    this.asides = new Set(); // jobs whose runs stand beside the one that is shown
  }

  /** Hear until the page is closed; after a break, from the state as it is then. Another tab may open a studio that was started again. */
  async follow() {
    for (;;) {
      this.refused = null;
      try {
        await listen("events", (kind, content) => this.#take(kind, content));
      } catch (error) {
        if (error.status === 401) this.refused = error.message;
      }
      this.connected = false;
      this.#tell();
      await new Promise((done) => { setTimeout(done, AGAIN_MS); });
    }
  }

  /** Why nothing is heard, in words; nothing when all is well. */
  absence() {
    return this.connected ? "" : this.refused ?? say("The studio doesn't answer; the page tries again …");
  }

  /** Call a listener at each change; returns what ends that. */
  hear(listener) {
    this.hearers.add(listener);
    listener(this);
    return () => this.hearers.delete(listener);
  }

  of(place) { return this.all.filter((job) => job.place === place); }

  run(place, asked) { return ask(`places/${part(place)}/jobs`, { method: "POST", body: asked }); }

  cancel(job) { return ask(`jobs/${job.id}`, { method: "DELETE" }); }

  #take(kind, content) {
    this.connected = true;
    if (kind === "jobs") this.all = content;
    if (kind === "job") {
      const at = this.all.findIndex((job) => job.id === content.id);
      if (at < 0) this.all.unshift(content); else this.all[at] = content;
    }
    if (kind === "progress") {
      const job = this.all.find((other) => other.id === content.id);
      if (!job) return;
      const { progress } = content, { run } = progress;
      job.progress = progress;
      job.minutes ??= {};
      job.planned ??= {};
      if (run && progress.planned) job.planned[run] = progress.planned;
      if (run && progress.time_s) (job.minutes[run] ??= []).push([progress.time_s, progress.out, progress.driving, progress.waiting]);
    }
    this.#tell(kind, content);
  }

  #tell(kind, content) { for (const hearer of this.hearers) hearer(this, kind, content); }
}
