// The actions that a click offers: what each asks for, and how it stands in a plan.
import { say } from "./dom.js";
import { junctionOf, stretchOf } from "./targets.js";

const number = (name, label, about = {}) => ({ name, label, type: "number", ...about });
const choice = (name, label, options, about = {}) => ({ name, label, type: "select", options, ...about });
const tick = (name, label) => ({ name, label, type: "checkbox" });
const where = (target, { towards }) => ({ where: stretchOf(target, towards) });
const at = (target) => ({ where: junctionOf(target) });
const signal = (mode, title, takes = {}) => ({ key: `signal ${mode}`, do: "signal", title, timed: true, takes, fields: () => [], build: (target) => ({ ...at(target), mode }) });
const turn = (verb, title) => ({ key: verb, do: verb, title, fields: (target) => [
  choice("from", () => say("From"), target.streets.map((street) => [street, street])), choice("to", () => say("Into"), target.streets.map((street) => [street, street]))],
build: (target, { from, to }) => ({ ...at(target), movement: { from, to } }) });

const DIRECTED = { street: true };

/** The kinds of action, by what they are about. */
export const ACTIONS = {
  street: [
    { key: "contraflow", do: "contraflow", title: () => say("Contraflow"), timed: true, setup: true, direction: "needed", takes: { officers: 2, cones: 100, signs: 4 },
      fields: () => [number("lanes", () => say("Lanes turned round (all when empty)"), { min: 1, max: 9 }), tick("keep_emergency_lane", () => say("Leave a lane to emergency vehicles"))], build: where },
    { key: "close", do: "close", title: () => say("Close"), timed: true, direction: "maybe", takes: { officers: 1, barricades: 2 },
      fields: () => [choice("admit", () => say("Still open to"), [["", say("nobody")], ["residents", say("residents")]]), tick("accept_cut_off", () => say("Also where it takes the only way out"))], build: where },
    { key: "use_shoulder", do: "use_shoulder", title: () => say("Use the shoulder as a lane"), timed: true, direction: "needed", takes: { signs: 2 }, fields: () => [], build: where },
    { key: "take_lane", do: "take_lane", title: () => say("Take a lane away"), timed: true, direction: "needed", takes: { cones: 20 },
      fields: () => [number("lanes", () => say("Lanes"), { min: 1, max: 9, value: 1, needed: true }), choice("side", () => say("At the"), [["kerb", say("kerb")], ["middle", say("middle")]])], build: where },
    { key: "speed", do: "speed", title: () => say("Another speed"), timed: true, direction: "maybe", takes: { signs: 2 },
      fields: () => [number("kph", () => say("km/h"), { min: 5, max: 200, value: 30, needed: true })], build: where },
  ],
  closed: [{ key: "open", do: "open", title: () => say("Open to cars"), timed: true, takes: { officers: 1 }, fields: () => [], build: (target) => ({ where: { point: target.point } }) }],
  junction: [
    signal("officer", () => say("Officer"), { officers: 1 }), signal("off", () => say("Signal off")), signal("flashing", () => say("Signal flashing")),
    signal("all_way_stop", () => say("All-way stop"), { signs: 4 }),
    { key: "signal fixed", do: "signal", title: () => say("Signal with fixed times"), timed: true, takes: {},
      fields: (target) => target.streets.map((street) => number(`green ${street}`, () => say("Seconds of green from {street}", { street }), { min: 5, max: 600, value: 30, needed: true })),
      build: (target, values) => ({ ...at(target), mode: "fixed", stages: target.streets.map((street) => ({ movements: [{ from: street }], green_s: values[`green ${street}`] })) }) },
    turn("ban_turn", () => say("Forbid a turn")), turn("allow_turn", () => say("Allow a turn")),
  ],
  zone: [
    { key: "phase", do: "phase", title: () => say("Leave later, as a wave"), takes: {},
      fields: () => [number("offset_min", () => say("Minutes after the order"), { min: 0, max: 10080, value: 30, needed: true })], build: (target) => ({ zones: [target.zone] }) },
    { key: "divert", do: "divert", title: () => say("Send to an exit"), timed: true, takes: { officers: 1 },
      fields: (_, picture) => [choice("to_exit", () => say("Exit"), picture.exits.features.map(({ properties }) => [properties.exit, properties.exit])),
        number("compliance", () => say("Share that follows"), { min: 0, max: 1, step: 0.05, value: 1, needed: true })], build: (target) => ({ zones: [target.zone] }) },
    { key: "evacuate_only", do: "evacuate_only", title: () => say("Order only this zone to leave"), takes: {},
      fields: () => [number("shadow_share", () => say("Share of the others that leave unasked"), { min: 0, max: 1, step: 0.05, value: 0, needed: true })], build: (target) => ({ zones: [target.zone] }) },
  ],
  exit: [{ key: "close exit", do: "close", title: () => say("Close the exit"), timed: true, takes: { officers: 1, barricades: 2 }, fields: () => [], build: (target) => ({ exit: target.exit }) }],
};

/** The kind of an action that is in a plan; one that no click offers keeps what it has. */
export function kindOf(given) {
  const kinds = Object.values(ACTIONS).flat();
  const found = kinds.find((kind) => kind.key === `${given.do} ${given.mode}`) ?? kinds.find((kind) => kind.key === given.do);
  const asked = found?.fields({ streets: [] }, { exits: { features: [] } }) ?? [];
  const simple = asked.filter((item) => (item.type !== "select" || item.options.length) && (!item.needed || item.name in given));
  return { key: given.do, do: given.do, title: () => given.label ?? given.do, timed: found?.timed ?? "when" in given, setup: found?.setup ?? Boolean(given.when?.setup_min), fields: () => simple, build: () => ({}) };
}

/** Whether a target is driven in a direction. */
export const isDirected = (target) => Boolean(DIRECTED[target.kind]) && target.scope !== "between";
