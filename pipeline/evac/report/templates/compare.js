"use strict";
// Any two cases beside each other. All numbers and sentences come with the page: see picker.py. Needs shared.js.
(function () {
  const { find, count, element, paragraph, option, chart } = evacPage;
  if (!find("compare-data")) return;
  const data = JSON.parse(find("compare-data").textContent);
  const chosen = [...data.chosen];

  function row(cells, tag) {
    const made = element("tr");
    cells.forEach((words, number) => {
      const cell = element(tag || (number ? "td" : "th"), words);
      if (cell.tagName === "TH") cell.scope = tag ? "col" : "row";
      made.append(cell);
    });
    return made;
  }

  const fill = (id, rows) => find(id).replaceChildren(...rows.map((cells) => row(cells)));
  const name = (number) => find(number ? "compare-other" : "compare-one").dataset.letter;

  // The values of both cases over the same steps: what is out stays out.
  function curves(values) {
    const length = Math.max(...values.map((one) => one.length));
    const lines = values.map((one, number) => ({ name: name(number), values: [...one, ...Array(length - one.length).fill(one[one.length - 1] || 0)] }));
    return chart(lines, Array.from({ length }, (_, step) => step * data.step_s));
  }

  function titled(words, drawing) {
    const figure = element("figure");
    figure.append(element("figcaption", words), drawing);
    return figure;
  }

  function show() {
    const [one, other] = chosen.map((number) => data.cases[number]), pair = data.pairs[chosen[0]][chosen[1]];
    find("compare-words").replaceChildren(paragraph(pair.words));
    const doubts = chosen.map((number, place) => [name(place), data.cases[number].doubt]).filter(([, doubt]) => doubt);
    find("compare-doubt").hidden = !doubts.length;
    find("compare-doubt").textContent = doubts.map(([letter, doubt]) => `${letter}: ${doubt}`).join(" ");
    fill("compare-times", ["50 %", "90 %", "95 %", "100 %"].map((share, place) => [share, one.times[place], other.times[place], pair.changes[place] || "–"]));
    fill("compare-zones", pair.zones.map(([zone, before, after, change, gains]) => [zone, after, before, change, gains]));
    find("compare-zones-box").hidden = !pair.zones.length;
    const exits = [...new Set([...Object.keys(one.exits), ...Object.keys(other.exits)])];
    const left = (part, exit) => { const values = part.exits[exit] || []; return values[values.length - 1] || 0; };
    const signed = (number) => (number > 0 ? `+${count(number)}` : number < 0 ? `−${count(-number)}` : "0");
    fill("compare-exits", exits.map((exit) => [exit, count(left(one, exit)), count(left(other, exit)), signed(left(one, exit) - left(other, exit))]));
    find("compare-charts").replaceChildren(
      titled(find("compare-charts").dataset.all, curves([one.out, other.out])),
      ...exits.map((exit) => titled(`${find("compare-charts").dataset.exit}: ${exit}`, curves([one.exits[exit] || [0], other.exits[exit] || [0]]))));
  }

  ["compare-one", "compare-other"].forEach((id, place) => {
    find(id).append(...data.cases.map((one, number) => option(number, one.words)));
    find(id).value = String(chosen[place]);
    find(id).addEventListener("change", (event) => { chosen[place] = Number(event.target.value); show(); });
  });
  find("compare-swap").addEventListener("click", () => {
    chosen.reverse();
    ["compare-one", "compare-other"].forEach((id, place) => { find(id).value = String(chosen[place]); });
    show();
  });
  show();
})();
