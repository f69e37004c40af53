// The actions that a click offers: what each asks for, and how it stands in a plan.
import { say } from "./dom.js";
import { armWords, armsByStreet, junctionOf, movementOf, sideStreetOf, stretchOf } from "./targets.js";

const number = (name, label, about = {}) => ({ name, label, type: "number", ...about });
const choice = (name, label, options, about = {}) => ({ name, label, type: "select", options, ...about });
const tick = (name, label) => ({ name, label, type: "checkbox" });
/** A field that only `build` reads: it is no key of the action. */
const inner = (field) => ({ ...field, inner: true });
const share = (name, label, value) => number(name, label, { min: 0, max: 1, step: 0.05, value, needed: true });
const exits = (picture) => choice("to_exit", () => say("Exit"), picture.exits.features.map(({ properties }) => [properties.exit, properties.exit]));
const zones = (target, picture) => ({ name: "zones", label: () => say("Zones"), type: "many", needed: true, value: target.zone ? [target.zone] : [],
  options: picture.zones.features.map(({ properties }) => [properties.zone, properties.zone]) });
const where = (target, { towards }) => ({ where: stretchOf(target, towards) });
const at = (target) => ({ where: junctionOf(target) });
const nothing = () => ({});
const signal = (mode, title, about = {}) => ({ key: `signal ${mode}`, do: "signal", title, timed: true, takes: {}, fields: () => [], build: (target) => ({ ...at(target), mode }), ...about });

/** Which way out of the arms, by their numbers: the first into another street than it comes from is offered first. */
function turnFields({ arriving, leaving }) {
  const numbered = (arms) => arms.map((arm, i) => [String(i), armWords(arm)]);
  const other = leaving.findIndex((arm) => arm.street !== arriving[0]?.street);
  return [inner(choice("from", () => say("From"), numbered(arriving))), inner(choice("to", () => say("Into"), numbered(leaving), { value: String(Math.max(0, other)) }))];
}
const turn = (verb, title) => ({ key: verb, do: verb, title, fields: turnFields,
  build: (target, { from, to }) => ({ ...at(target), movement: movementOf(target, target.arriving[from], target.leaving[to]) }) });

/** The kinds of action, by what they are about. */
export const ACTIONS = {
  street: [
    { key: "contraflow", do: "contraflow", title: () => say("Contraflow"), timed: true, setup: true, direction: "needed", takes: { officers: 2, cones: 100, signs: 4 },
      fields: () => [number("lanes", () => say("Lanes turned round (all when empty)"), { min: 1, max: 9 }), tick("keep_emergency_lane", () => say("Leave a lane to emergency vehicles"))], build: where },
    { key: "close", do: "close", title: () => say("Close"), timed: true, direction: "maybe", takes: { officers: 1, barricades: 2 },
      fields: () => [choice("admit", () => say("Still open to"), [["", say("nobody")], ["residents", say("residents")]]), tick("accept_cut_off", () => say("Also where it takes the only way out"))], build: where },
    { key: "use_shoulder", do: "use_shoulder", title: () => say("Use the shoulder as a lane"), timed: true, direction: "needed", takes: { signs: 2 }, fields: () => [], build: where },
    { key: "use_centre_lane", do: "use_centre_lane", title: () => say("Use the centre turn lane"), timed: true, direction: "needed", takes: { cones: 20 }, fields: () => [], build: where },
    { key: "take_lane", do: "take_lane", title: () => say("Take a lane away"), timed: true, direction: "needed", takes: { cones: 20 },
      fields: () => [number("lanes", () => say("Lanes"), { min: 1, max: 9, value: 1, needed: true }), choice("side", () => say("At the"), [["kerb", say("kerb")], ["middle", say("middle")]])], build: where },
    { key: "speed", do: "speed", title: () => say("Another speed"), timed: true, direction: "maybe", takes: { signs: 2 },
      fields: () => [number("kph", () => say("km/h"), { min: 5, max: 200, value: 30, needed: true })], build: where },
    { key: "divert approach", do: "divert", has: "approach", title: () => say("Send who passes to an exit"), timed: true, direction: "needed", takes: { officers: 1 },
      fields: (_, picture) => [exits(picture), share("compliance", () => say("Share that follows"), 1)], build: (target, { towards }) => ({ approach: { point: target.start, towards } }) },
  ],
  closed: [{ key: "open", do: "open", title: () => say("Open to cars"), timed: true, takes: { officers: 1 }, fields: () => [], build: (target) => ({ where: { point: target.point } }) }],
  junction: [
    signal("officer", () => say("Officer"), { takes: { officers: 1 } }),
    signal("off", () => say("Signal off"), { fits: (target) => target.signal }), signal("flashing", () => say("Signal flashing"), { fits: (target) => target.signal }),
    signal("all_way_stop", () => say("All-way stop"), { takes: { signs: 4 }, fits: (target) => target.signal }),
    signal("fixed", () => say("Signal with fixed times"), {
      fields: (target) => armsByStreet(target).map(({ words }, i) => inner(number(`green ${i}`, () => say("Seconds of green from {street}", { street: words }), { min: 5, max: 600, value: 30, needed: true }))),
      build: (target, values) => ({ ...at(target), mode: "fixed", stages: armsByStreet(target).map(({ movements }, i) => ({ movements, green_s: values[`green ${i}`] })) }) }),
    turn("ban_turn", () => say("Forbid a turn")), turn("allow_turn", () => say("Allow a turn")),
    { key: "barricade", do: "barricade", title: () => say("Barricade a side street"), takes: { barricades: 2 }, fits: ({ leaving }) => leaving.some((arm) => arm.street),
      fields: ({ leaving }) => [inner(choice("arm", () => say("Side street"), leaving.flatMap((arm, i) => (arm.street ? [[String(i), armWords(arm)]] : []))))],
      build: (target, { arm }) => ({ ...at(target), ...sideStreetOf(target, target.leaving[arm]) }) },
  ],
  zone: [
    { key: "phase", do: "phase", title: () => say("Leave later, as a wave"), takes: {},
      fields: (target, picture) => [zones(target, picture), number("offset_min", () => say("Minutes after the order"), { min: 0, max: 10080, value: 30, needed: true })], build: nothing },
    { key: "divert", do: "divert", title: () => say("Send to an exit"), timed: true, takes: { officers: 1 },
      fields: (target, picture) => [zones(target, picture), exits(picture), share("compliance", () => say("Share that follows"), 1)], build: nothing },
    { key: "evacuate_only", do: "evacuate_only", title: () => say("Order only some zones to leave"), takes: {},
      fields: (target, picture) => [zones(target, picture), share("shadow_share", () => say("Share of the others that leave unasked"), 0)], build: nothing },
  ],
  exit: [{ key: "close exit", do: "close", has: "exit", title: () => say("Close the exit"), timed: true, takes: { officers: 1, barricades: 2 }, fields: () => [], build: (target) => ({ exit: target.exit }) }],
  people: [
    { key: "behaviour", do: "behaviour", title: () => say("Fewer cars, or other driving"), takes: {},
      fields: () => [number("at_most_vehicles", () => say("Vehicles that a household takes at most (as many as it has when empty)"), { min: 1, max: 9, value: 1 }),
        share("followed_by", () => say("Share of the households that follow"), 0.5),
        number("informed_share", () => say("Share of drivers who know of the traffic (as in the scenario when empty)"), { min: 0, max: 1, step: 0.05 }),
        choice("profile", () => say("How they drive"), [["", say("as in the scenario")], ["calm", say("calm")], ["normal", say("normal")], ["aggressive", say("aggressive")]])], build: nothing },
  ],
};

/** The kinds of action that make sense at a target. */
export const kindsAt = (target) => ACTIONS[target.kind].filter((kind) => kind.fits?.(target) ?? true);

export const NOWHERE = { streets: [], arriving: [], leaving: [] };

/** The kind of an action that is in a plan; one that no click offers keeps what it has. */
export function kindOf(given, picture) {
  const kinds = Object.values(ACTIONS).flat();
  const own = kinds.filter((kind) => kind.do === given.do);
  const found = own.find((kind) => kind.key === `${given.do} ${given.mode}` || (kind.has && kind.has in given)) ?? own.find((kind) => !kind.has);
  const asked = found?.fields(NOWHERE, picture) ?? [];
  const simple = asked.filter((item) => !item.inner && (item.name in given || !item.needed));
  return { key: given.do, do: given.do, title: () => given.label ?? given.do, timed: found?.timed ?? "when" in given, setup: found?.setup ?? Boolean(given.when?.setup_min), fields: () => simple, build: nothing };
}

/** Whether a target is driven in a direction. */
export const isDirected = (target) => target.kind === "street" && target.scope !== "between";
