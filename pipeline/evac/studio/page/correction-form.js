// What the map has wrong of a road: lanes, direction, speed, closed; it becomes a correction in the scenario's file.
import { sendingForm } from "./answers.js";
import { count, fill, h, say } from "./dom.js";
import { problemsList } from "./problems.js";

/**
 * A form that corrects ways of the map.
 * @param {object} file of the scenario
 * @param {number[]} ids of the ways
 * @param {() => void} leave
 */
export function correctionForm(file, ids, leave) {
  const form = h("form", { class: "action" }, h("p", { class: "busy" }, say("Reading the map …")));
  file.ways(ids).then((ways) => fill(form, ...fieldsOf(form, file, ids, ways, leave)), (error) => fill(form, problemsList(error), leaveButton(leave)))
    .then(() => form.scrollIntoView({ block: "nearest" }));
  return form;
}

const leaveButton = (leave) => h("button", { type: "button", onclick: leave }, say("Leave it"));
const number = (most, placeholder, words) => h("input", { type: "number", min: "1", max: String(most), placeholder: String(placeholder), "aria-label": words });

function fieldsOf(form, file, ids, ways, leave) {
  if (!ways.length) return [h("p", {}, say("The map has this road no more.")), leaveButton(leave)];
  const [way] = ways, back = !way.oneway;
  const there = say("Lanes {towards}bound", { towards: way.along }), other = say("Lanes {towards}bound", { towards: way.against });
  const lanesThere = number(12, way.lanes_forward || way.lanes_backward || 1, there), lanesBack = number(12, way.lanes_backward || 1, other);
  const kph = number(200, Math.round(way.speed_kph ?? 50), say("Speed limit, km/h"));
  const option = ([value, words]) => h("option", { value }, words);
  const direction = h("select", { "aria-label": say("Direction"), onchange: () => { backLabel.hidden = direction.value ? direction.value !== "both" : !back; } }, [
    ["", back ? say("as on the map: both directions") : say("as on the map: one way")], ["both", say("both directions")],
    ["there", say("one way, {towards}bound", { towards: way.along })], ["back", say("one way, {towards}bound", { towards: way.against })]].map(option));
  const backLabel = h("label", { hidden: !back }, other, lanesBack);
  const cars = h("input", { type: "checkbox" });
  const scope = h("select", { "aria-label": say("How much of the street") }, [
    ...(way.name ? [["street", say("the whole street")]] : []), ["pieces", ways.length === 1 ? say("this piece of it") : say("these {n} pieces of it", { n: count(ways.length) })]].map(option));
  if (ways.length === 1) scope.value = "pieces";
  const because = h("input", { type: "text", required: true, maxlength: "300", placeholder: say("seen on 3 May, the city's plan …") });
  const save = h("button", { class: "primary", type: "submit" }, say("Correct it")), told = h("div", {});
  form.onsubmit = sendingForm(told, () => {
    const isOneWay = direction.value ? direction.value !== "both" : !back, saysLanes = lanesThere.value || (!isOneWay && lanesBack.value);
    const lanes = (input) => Number(input.value || input.placeholder);
    const against = isOneWay && direction.value === "back";
    return file.change({ do: "correct", ways: ids, whole_street: scope.value === "street", because: because.value,
      lanes_there: saysLanes ? (against ? null : lanes(lanesThere)) : null, lanes_back: saysLanes ? (against ? lanes(lanesThere) : isOneWay ? null : lanes(lanesBack)) : null,
      direction: direction.value || null, kph: kph.value ? Number(kph.value) : null, cars: cars.checked ? (way.closed ? "open" : "closed") : null });
  });
  return [
    h("p", { class: "hint" }, say("Fill in what the map has wrong; what stands in grey is what it says now.")),
    h("label", { class: "wide" }, say("Direction"), direction),
    h("div", { class: "row" }, h("label", {}, back ? there : say("Lanes"), lanesThere), backLabel, h("label", {}, say("Speed limit, km/h"), kph)),
    h("label", { class: "check" }, cars, way.closed ? say("Open to cars") : say("Closed to cars")),
    h("label", { class: "wide" }, say("How much of the street"), scope),
    h("label", { class: "wide" }, say("How you know (shown with the results)"), because),
    h("div", { class: "row" }, save, leaveButton(leave)), told];
}
