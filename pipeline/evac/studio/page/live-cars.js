// The cars of a run as it goes, on the map: those that drive, those that stand, and the queues that they make.
import { listen } from "./api.js";
import { clock, count, fill, h, say } from "./dom.js";
import { queueKey } from "./colour-key.js";

const QUEUE_FROM = 3;
const NONE = { type: "FeatureCollection", features: [] };

/** Shows the frames of one job at a time. */
export class LiveCars {
  constructor({ picture, map }) {
    this.map = map;
    this.roads = new Map(picture.roads.features.map((item) => [item.properties.edge, item]));
    this.element = h("div", { class: "live-key", hidden: true });
    this.job = null;
    map.cars.learn(picture.roads.features);
  }

  /** Follow a job that is running; none when null. */
  follow(job) {
    if ((job?.id ?? null) === this.job) return;
    this.stop();
    if (!job) return;
    this.job = job.id;
    this.hearing = new AbortController();
    listen(`jobs/${job.id}/frames`, (_, frame) => { if (this.job === job.id) this.#show(frame); }, { signal: this.hearing.signal }).catch(() => { /* it has ended; the job says how */ });
  }

  stop() {
    this.hearing?.abort();
    this.job = null;
    this.element.hidden = true;
    this.map.cars.clear();
    this.map.put("queues", NONE);
  }

  #show({ run, time_s: time, cars }) {
    const { moving, standing } = this.map.cars.show(cars);
    const queues = Object.entries(cars).map(([edge, list]) => [edge, list.filter((metres) => metres < 0).length]).filter(([edge, queue]) => queue >= QUEUE_FROM && this.roads.has(edge));
    this.map.put("queues", { type: "FeatureCollection", features: queues.map(([edge, queue]) => {
      const road = this.roads.get(edge);
      return { ...road, properties: { queue, words: say("{street}: {n} vehicles queue", { street: road.properties.street || say("unnamed road"), n: count(queue) }) } };
    }) });
    this.element.hidden = false;
    fill(this.element, h("span", { class: "dot moving" }), say("{n} drive", { n: count(moving) }), " ", h("span", { class: "dot standing" }), say("{n} stand", { n: count(standing) }),
      h("span", { class: "key" }, say("on the map, {time} h after the order: {run}", { time: clock(time), run })), queueKey());
  }
}
