"use strict";
// The page's map: the streets' states over time, on the scenario's own roads. Needs deck.gl (global `deck`)
// and shared.js, no network.
// All text goes in as textContent: names are other people's.
(function () {
  const { find, clock, hours, count, paragraph, option, chart, say } = evacPage;
  const PALETTE = {
    nobody: [214, 214, 214],
    speed: { title: say("Speed as a share of the limit"), steps: [0.25, 0.5, 0.75], words: [say("under a quarter"), say("a quarter to a half"), say("a half to three quarters"), say("three quarters or more")],
      colours: [[109, 0, 38], [209, 67, 31], [240, 160, 60], [74, 134, 196]], widths: [6, 5, 4, 3] },
    queue: { title: say("Vehicles queueing on the street section"), steps: [1, 5, 20, 50], words: [say("none"), say("1 to 4"), say("5 to 19"), say("20 to 49"), say("50 or more")],
      colours: [[196, 208, 220], [246, 205, 120], [240, 160, 60], [209, 67, 31], [109, 0, 38]], widths: [2.5, 3, 4, 6, 8] },
    // Highway Capacity Manual, 6th edition, exhibit 12-15: 26 and 45 passenger cars per mile and lane end levels C and E.
    density: { title: say("Vehicles per km and lane"), steps: [16, 28, 60], words: [say("flows (under 16)"), say("dense (16 to 27)"), say("jams (28 to 59)"), say("stands (60 or more)")],
      colours: [[74, 134, 196], [240, 160, 60], [209, 67, 31], [109, 0, 38]], widths: [3, 4, 5, 7] },
  };
  const ZONE_COLOURS = [[222, 235, 247], [158, 202, 225], [107, 174, 214], [49, 130, 189], [8, 81, 156]];
  const CHANGE = { "more lanes": [0, 114, 178], "fewer lanes": [213, 94, 0], "closed": [0, 0, 0], "another speed": [168, 69, 127] };
  const INK = [26, 26, 26], EXIT = [0, 97, 74], CUT_OFF = [176, 0, 80];
  const FRAME_MS = 450;
  const FRONT = { fire: [178, 24, 24], flood: [33, 92, 176] }, SMOKE = [88, 80, 74];

  async function unpack(text, Kind) {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Kind(await new Response(stream).arrayBuffer());
  }

  function classOf(steps, value) {
    let number = 0;
    while (number < steps.length && value >= steps[number]) number += 1;
    return number;
  }

  async function readStreets(data) {
    const [points, counts, name, lanes, limit] = await Promise.all([
      unpack(data.edges.points, Int32Array), unpack(data.edges.counts, Uint16Array), unpack(data.edges.name, Int32Array),
      unpack(data.edges.lanes, Uint8Array), unpack(data.edges.limit_mps, Float32Array)]);
    const streets = [];
    let at = 0, x = 0, y = 0;
    for (let index = 0; index < counts.length; index += 1) {
      const path = new Float64Array(2 * counts[index]); // flat, as deck.gl wants paths that it needn't check
      for (let number = 0; number < path.length; number += 2, at += 2) {
        x += points[at];
        y += points[at + 1];
        path[number] = x / 1e6;
        path[number + 1] = y / 1e6;
      }
      streets.push({ index, path, name: data.names[name[index]], lanes: lanes[index], limit: limit[index] });
    }
    return streets;
  }

  async function readStates(data) {
    for (const plan of data.plans) {
      [plan.speed, plan.queue, plan.density] = await Promise.all([
        unpack(plan.speed, Uint8Array), unpack(plan.queue, Uint16Array), unpack(plan.density, Uint16Array)]);
      if (plan.danger) await readDanger(plan.danger);
    }
  }

  async function readDanger(danger) {
    const { edge, from_s, until_s, kph } = danger.slowed;
    const [reached, edges, from, until, speeds] = await Promise.all([
      unpack(danger.reached_s, Int32Array), unpack(edge, Int32Array), unpack(from_s, Int32Array), unpack(until_s, Int32Array), unpack(kph, Float32Array)]);
    danger.reached = reached;
    danger.spells = Array.from(edges, (index, number) => ({ index, from: from[number], until: until[number], kph: speeds[number] }));
  }

  // What the hazard does at a time: streets that it has reached, and streets on which it slows traffic.
  function dangerAt(plan, streets, at) {
    if (!plan.danger) return { reached: [], slowed: [] };
    const { reached, spells } = plan.danger;
    const isReached = (index) => reached[index] >= 0 && reached[index] <= at;
    return {
      reached: streets.filter((street) => isReached(street.index)),
      slowed: spells.filter((spell) => spell.from <= at && at < spell.until && !isReached(spell.index)).map((spell) => ({ ...spell, street: streets[spell.index] })),
    };
  }

  // The state of one street: null where nobody drove.
  function stateOf(data, streets, plan, step, index) {
    const at = step * streets.length + index;
    if (plan.speed[at] === data.nobody) return null;
    return { speed: plan.speed[at] * data.speed_step_mps, queue: plan.queue[at] / 10, density: plan.density[at] / 10 };
  }

  function measureOf(measure, street, state) {
    if (measure === "speed") return state.speed / Math.max(street.limit, 0.1);
    return measure === "queue" ? state.queue : state.density / street.lanes;
  }

  function start(data, streets) {
    const app = find("map-app");
    const view = { plan: 0, beside: -1, measure: "speed", step: 0, zones: false, changes: true, focus: null };
    const clearances = data.plans.flatMap((plan) => Object.values(plan.zones)).filter((time) => time !== null);
    const longest = Math.max(1, ...clearances), shortest = Math.min(longest, ...clearances);
    let playing = null;

    // Whether an exit is closed at the moment that is shown.
    const isClosed = (plan, exit) => plan.closed_exits.some((item) => item.name === exit.name && item.from_s <= data.steps_s[view.step]
      && (item.until_s === null || data.steps_s[view.step] < item.until_s));
    const closedWords = (plan, exit) => plan.closed_exits.filter((item) => item.name === exit.name).map((item) => item.words).join(", ");

    const styleOf = (plan) => (street) => {
      const state = stateOf(data, streets, plan, view.step, street.index);
      if (state === null) return null;
      const scale = PALETTE[view.measure];
      return classOf(scale.steps, measureOf(view.measure, street, state));
    };

    function zoneColour(plan, zone) {
      const time = plan.zones[zone.zone];
      if (time === undefined) return [230, 230, 230, 60];
      if (time === null) return [...CUT_OFF, 150];
      const part = (time - shortest) / Math.max(longest - shortest, 1);
      return [...ZONE_COLOURS[Math.min(ZONE_COLOURS.length - 1, Math.floor(part * ZONE_COLOURS.length))], 150];
    }

    function layersOf(plan, id) {
      const kinds = streets.map(styleOf(plan)), style = (d) => kinds[d.index];
      const scale = PALETTE[view.measure], key = [view.step, view.measure, plan.plan];
      const side = data.lefthand ? -0.6 : 0.6;
      const polygons = data.zones.flatMap((zone) => zone.rings.map((ring) => ({ zone, ring })));
      const layers = [
        new deck.PolygonLayer({ id: `zones-${id}`, data: polygons, getPolygon: (d) => d.ring, filled: view.zones, stroked: true, pickable: view.zones,
          getFillColor: (d) => zoneColour(plan, d.zone), getLineColor: [125, 107, 63], lineWidthUnits: "pixels", getLineWidth: 1.2,
          updateTriggers: { getFillColor: [plan.plan] }, onClick: (info) => showZone(plan, info.object.zone) }),
        ...dangerLayers(plan, id),
        new deck.PathLayer({ id: `streets-${id}`, data: streets, getPath: (d) => d.path, positionFormat: "XY", _pathType: "open", widthUnits: "pixels",
          capRounded: true, jointRounded: true, pickable: true, autoHighlight: true, highlightColor: [0, 0, 0, 90],
          extensions: [new deck.PathStyleExtension({ offset: true })], getOffset: side,
          getColor: (d) => { const number = style(d); return number === null ? PALETTE.nobody : scale.colours[number]; },
          getWidth: (d) => { const number = style(d); return number === null ? 1.4 : scale.widths[number]; },
          updateTriggers: { getColor: key, getWidth: key },
          onClick: (info) => showStreet(plan, info.object) }),
      ];
      if (view.changes) {
        layers.push(
          new deck.PathLayer({ id: `changes-${id}`, data: plan.changes.roads, getPath: (d) => d.path, widthUnits: "pixels", getWidth: 3, pickable: true,
            getColor: (d) => CHANGE[d.kind] || INK, extensions: [new deck.PathStyleExtension({ offset: true, dash: true })], getOffset: side * 4,
            getDashArray: [4, 2], onClick: (info) => tellOf(info.object.words) }),
          new deck.ScatterplotLayer({ id: `spots-${id}`, data: plan.changes.spots, getPosition: (d) => d.at, radiusUnits: "pixels", getRadius: 7, pickable: true,
            getFillColor: [255, 255, 255], stroked: true, getLineColor: CHANGE["another speed"], lineWidthUnits: "pixels", getLineWidth: 3,
            onClick: (info) => tellOf(info.object.words) }));
      }
      layers.push(
        new deck.ScatterplotLayer({ id: `cut-off-${id}`, data: [...data.cut_off, ...plan.changes.cut_off], getPosition: (d) => d, radiusUnits: "pixels", getRadius: 4,
          getFillColor: CUT_OFF, stroked: true, getLineColor: [255, 255, 255], lineWidthUnits: "pixels", getLineWidth: 1, pickable: true,
          onClick: () => tellOf(say("A household that no street connects with a way out.")) }),
        new deck.ScatterplotLayer({ id: `bottlenecks-${id}`, data: plan.bottlenecks, getPosition: (d) => d.at, radiusUnits: "pixels", getRadius: 7, pickable: true,
          getFillColor: [255, 255, 255], stroked: true, getLineColor: INK, lineWidthUnits: "pixels", getLineWidth: 3.5,
          onClick: (info) => showBottleneck(plan, info.object) }),
        new deck.ScatterplotLayer({ id: `exits-${id}`, data: data.exits, getPosition: (d) => d.at, radiusUnits: "pixels", getRadius: 9, pickable: true,
          stroked: true, lineWidthUnits: "pixels", getLineWidth: 2, updateTriggers: { getFillColor: key, getLineColor: key },
          getFillColor: (d) => (isClosed(plan, d) ? [255, 255, 255] : EXIT), getLineColor: (d) => (isClosed(plan, d) ? INK : [255, 255, 255]),
          onClick: (info) => showExit(plan, info.object) }),
        new deck.TextLayer({ id: `closed-exits-${id}`, data: data.exits.filter((exit) => isClosed(plan, exit)), getPosition: (d) => d.at, getText: () => "×",
          getSize: 22, getColor: INK, fontFamily: "system-ui, sans-serif", characterSet: ["×"] }),
        new deck.TextLayer({ id: `exit-names-${id}`, data: data.exits, getPosition: (d) => d.at, getSize: 13, getColor: INK, updateTriggers: { getText: key },
          getText: (d) => (isClosed(plan, d) ? say("{exit}: closed", { exit: d.name }) : d.name),
          background: true, getBackgroundColor: [255, 255, 255, 225], backgroundPadding: [4, 2], getPixelOffset: [0, -22], characterSet: "auto",
          fontFamily: "system-ui, sans-serif" }));
      if (view.focus) {
        layers.push(new deck.ScatterplotLayer({ id: `focus-${id}`, data: [view.focus], getPosition: (d) => d, radiusUnits: "pixels", getRadius: 18, filled: false,
          stroked: true, getLineColor: [0, 73, 143], lineWidthUnits: "pixels", getLineWidth: 4 }));
      }
      return layers;
    }

    // The hazard, under the streets: wide bands where it is and where it slows traffic, and its front.
    function dangerLayers(plan, id) {
      if (!data.hazard) return [];
      const at = data.steps_s[view.step], colour = FRONT[data.hazard.kind], { reached, slowed } = dangerAt(plan, streets, at);
      const front = data.hazard.front.filter((line) => line.at_s <= at).slice(-1).flatMap((line) => line.paths);
      const band = { widthUnits: "pixels", capRounded: true, jointRounded: true, positionFormat: "XY", _pathType: "open" };
      return [
        new deck.PathLayer({ id: `slowed-${id}`, data: slowed, getPath: (d) => d.street.path, ...band, getWidth: 13,
          getColor: (d) => [...SMOKE, Math.round(60 + 150 * (1 - Math.min(d.kph / Math.max(d.street.limit * 3.6, 1), 1)))] }),
        new deck.PathLayer({ id: `reached-${id}`, data: reached, getPath: (d) => d.path, ...band, getWidth: 13, getColor: [...colour, 110] }),
        new deck.PathLayer({ id: `front-${id}`, data: front, getPath: (d) => d, widthUnits: "pixels", getWidth: 3, getColor: [...colour, 230] }),
      ];
    }

    const shown = () => (view.beside < 0 ? [view.plan] : [view.plan, view.beside]);
    const fitted = () => {
      const box = find("map-canvas").getBoundingClientRect(), parts = shown().length;
      const [west, south, east, north] = data.bounds;
      const viewport = new deck.WebMercatorViewport({ width: Math.max(box.width / parts, 50), height: Math.max(box.height, 50) });
      const { longitude, latitude, zoom } = viewport.fitBounds([[west, south], [east, north]], { padding: 40 });
      return { longitude, latitude, zoom, pitch: 0, bearing: 0, maxPitch: 0 };
    };

    const map = new deck.Deck({
      parent: find("map-canvas"), views: [], controller: true, layers: [], initialViewState: fitted(), useDevicePixels: true,
      getCursor: ({ isDragging, isHovering }) => (isDragging ? "grabbing" : isHovering ? "pointer" : "grab"),
      layerFilter: ({ layer, viewport }) => layer.id.includes(`-view${viewport.id.slice(4)}`),
      onError: (error) => { find("map-message").textContent = say("The map can't be drawn here: {reason}. The pictures below show the same run.", { reason: error.message }); app.dataset.state = "failed"; },
      onAfterRender: () => { if (app.dataset.state === "loading") app.dataset.state = "ready"; app.dataset.drawn = String(view.step); },
    });

    function redraw() {
      const numbers = shown();
      const width = `${100 / numbers.length}%`;
      map.setProps({
        views: numbers.map((_, place) => new deck.MapView({ id: `view${place}`, x: `${(100 * place) / numbers.length}%`, width, controller: { keyboard: true, dragRotate: false, touchRotate: false } })),
        layers: numbers.flatMap((number, place) => layersOf(data.plans[number], `view${place}`)),
      });
      tell();
    }

    function moveTo(place, zoom) {
      view.focus = place;
      const state = fitted();
      map.setProps({ initialViewState: { ...state, longitude: place[0], latitude: place[1], zoom: Math.max(state.zoom + 1.5, zoom || 0), transitionDuration: 0 } });
      redraw();
    }

    function tell() {
      const at = data.steps_s[view.step];
      find("map-clock").textContent = `${clock(at)} h`;
      find("map-step").setAttribute("aria-valuetext", say("{time} hours after the order", { time: clock(at) }));
      find("map-status").textContent = shown().map((number) => sentence(data.plans[number])).join(" ");
      const doubts = shown().map((number) => data.plans[number]).filter((plan) => plan.doubt).map((plan) => say("{plan}: not trusted: {reason}", { plan: plan.plan, reason: plan.doubt }));
      find("map-doubt").hidden = !doubts.length;
      find("map-doubt").textContent = doubts.join(" ");
    }

    function sentence(plan) {
      const { departed, entered, evacuated, in_refuge } = plan.counts, step = view.step;
      const words = say("{case}, by {time} h: {driving} on the road, {waiting} waiting to get onto the street, {out} of {planned} out.", {
        case: plan.case, time: clock(data.steps_s[step] + data.window_s), driving: count(entered[step] - evacuated[step] - in_refuge[step]),
        waiting: count(departed[step] - entered[step]), out: count(evacuated[step]), planned: count(plan.planned) });
      const sheltered = in_refuge[step] ? ` ${say("{number} in a refuge.", { number: count(in_refuge[step]) })}` : "";
      return words + sheltered + dangerWords(plan);
    }

    function dangerWords(plan) {
      if (!data.hazard) return "";
      const { reached, slowed } = dangerAt(plan, streets, data.steps_s[view.step]);
      return ` ${say("{hazard}: pieces of road reached: {reached}, slowed: {slowed}.", { hazard: data.hazard.name, reached: count(reached.length), slowed: count(slowed.length) })}`;
    }

    function tellOf(words) {
      find("map-detail").replaceChildren(paragraph(words));
    }

    function mark(plan) {
      return plan.doubt ? ` ${say("(not trusted: {reason})", { reason: plan.doubt })}` : "";
    }

    function showStreet(plan, street) {
      const state = stateOf(data, streets, plan, view.step, street.index);
      const unit = data.units.speed, limit = Math.round(street.limit * data.units.speed_factor);
      const about = street.lanes === 1 ? say("1 lane, limit {limit} {unit}", { limit, unit }) : say("{lanes} lanes, limit {limit} {unit}", { lanes: street.lanes, limit, unit });
      const words = state === null ? say("nobody drives there")
        : say("{speed} {unit}, {queue} vehicles queueing, {density} {density_unit}", { unit, speed: Math.round(state.speed * data.units.speed_factor),
          queue: state.queue.toFixed(1), density: Math.round(state.density * data.units.density_factor), density_unit: data.units.density });
      tellOf(`${street.name} (${about}), ${clock(data.steps_s[view.step])} h, ${plan.plan}: ${words}${mark(plan)}.`);
    }

    function showZone(plan, zone) {
      const words = data.plans.map((other) => `${other.plan}: ${hours(other.zones[zone.zone] === undefined ? null : other.zones[zone.zone])}${mark(other)}`).join("; ");
      tellOf(say("{zone}, {households} households. 90 % of its vehicles out after: {times}.", { zone: zone.zone, households: count(zone.households), times: words }));
    }

    function showExit(plan, exit) {
      const curves = shown().map((number) => ({ plan: data.plans[number], values: data.plans[number].exits[exit.name] || [] }));
      const shut = (one) => closedWords(one, exit) && ` (${closedWords(one, exit)})`;
      const words = curves.map(({ plan: one, values }) => `${one.plan}: ${count(values[values.length - 1] || 0)}${shut(one)}${mark(one)}`).join("; ");
      find("map-detail").replaceChildren(paragraph(say("Vehicles that have left by {exit}, in all: {numbers}.", { exit: exit.name, numbers: words })),
        chart(curves.map(({ plan: one, values }) => ({ name: one.plan, values })), data.steps_s, view.step));
    }

    function showBottleneck(plan, place) {
      const laneName = (lane) => lane.lane === 0 ? say("lane at the kerb") : say("lane {number} from the kerb", { number: lane.lane + 1 });
      const words = place.lanes.map((lane) => `${laneName(lane)}: ${lane.mean.toFixed(1)}`).join(", ");
      find("map-detail").replaceChildren(paragraph(say("{place}, {plan}: vehicles per minute (mean until 95 % are out: {lanes}){doubt}.", { place: place.name, plan: plan.plan, lanes: words, doubt: mark(plan) })),
        chart(place.lanes.map((lane) => ({ name: laneName(lane), values: lane.rates })), data.steps_s, view.step));
    }

    function list(id, items, act) {
      find(id).replaceChildren(...items.map(([words, item]) => {
        const row = document.createElement("li"), button = document.createElement("button");
        button.type = "button";
        button.textContent = words;
        button.addEventListener("click", () => act(item));
        row.append(button);
        return row;
      }));
    }

    function lists() {
      const plan = data.plans[view.plan], doubt = mark(plan);
      list("map-slowest", plan.slowest.map((item) => [say("{street}: {number} vehicles at {time} h", { street: item.name, number: count(item.queue_veh), time: clock(item.at_s) }) + doubt, item]),
        (item) => { setStep(nearest(item.at_s)); moveTo(item.at, 15); tellOf(say("{street}: longest queue, {number} vehicles, {time} h after the order{doubt}.", { street: item.name, number: count(item.queue_veh), time: clock(item.at_s), doubt })); });
      list("map-bottlenecks", plan.bottlenecks.map((item) => [item.name, item]), (item) => { moveTo(item.at, 15); showBottleneck(plan, item); });
      const named = (exit) => [exit.name, closedWords(plan, exit)].filter(Boolean).join(": ");
      list("map-exits", data.exits.map((item) => [named(item), item]), (item) => { moveTo(item.at, 14); showExit(plan, item); });
      const changes = [...plan.changes.roads.map((item) => [item.words, item.path[Math.floor(item.path.length / 2)]]), ...plan.changes.spots.map((item) => [item.words, item.at])];
      const once = [...new Map(changes.map((item) => [item[0], item])).values()];
      find("map-change-box").hidden = !once.length;
      list("map-change-list", once.map(([words, at]) => [words, { words, at }]), (item) => { moveTo(item.at, 15); tellOf(item.words); });
    }

    function legend() {
      const scale = PALETTE[view.measure];
      const items = scale.words.map((words, number) => swatch(`rgb(${scale.colours[number]})`, scale.widths[number], words));
      find("map-legend").replaceChildren(paragraph(`${scale.title}:`), ...items, swatch(`rgb(${PALETTE.nobody})`, 2, say("nobody")), swatch(`rgb(${EXIT})`, 9, say("exit")));
      if (data.plans.some((plan) => plan.closed_exits.length)) find("map-legend").append(swatch("repeating-linear-gradient(45deg, #fff 0 3px, #1a1a1a 3px 4px)", 9, say("exit that is closed then")));
      if (data.hazard) {
        find("map-legend").append(swatch(`rgb(${FRONT[data.hazard.kind]})`, 4, say("{hazard}: reached; its front", { hazard: data.hazard.name })),
          swatch(`rgb(${SMOKE})`, 8, data.hazard.kind === "flood" ? say("slowed by water") : say("slowed by smoke")));
      }
      if (view.zones) find("map-legend").append(paragraph(say("Zones: 90 % out after {shortest} (light) to {longest} (dark).", { shortest: hours(shortest), longest: hours(longest) })));
    }

    function swatch(colour, width, words) {
      const item = document.createElement("span"), line = document.createElement("i");
      line.style.background = colour;
      line.style.height = `${width}px`;
      item.append(line, words);
      return item;
    }

    const nearest = (seconds) => data.steps_s.reduce((best, at, step) => (Math.abs(at - seconds) < Math.abs(data.steps_s[best] - seconds) ? step : best), 0);

    function setStep(step) {
      view.step = step;
      find("map-step").value = String(step);
    }

    function stop() {
      clearInterval(playing);
      playing = null;
      find("map-play").textContent = say("Play");
      find("map-play").setAttribute("aria-pressed", "false");
    }

    function play() {
      if (playing !== null) { stop(); return; }
      if (view.step >= data.steps_s.length - 1) setStep(0);
      find("map-play").textContent = say("Pause");
      find("map-play").setAttribute("aria-pressed", "true");
      playing = setInterval(() => {
        if (view.step >= data.steps_s.length - 1) { stop(); return; }
        setStep(view.step + 1);
        redraw();
      }, FRAME_MS);
    }

    find("map-plan").append(...data.plans.map((plan, number) => option(number, plan.plan)));
    find("map-beside").append(...data.plans.map((plan, number) => option(number, plan.plan)));
    find("map-step").max = String(data.steps_s.length - 1);
    find("map-step").addEventListener("input", (event) => { setStep(Number(event.target.value)); redraw(); });
    find("map-play").addEventListener("click", play);
    find("map-plan").addEventListener("change", (event) => { view.plan = Number(event.target.value); lists(); redraw(); });
    find("map-beside").addEventListener("change", (event) => {
      view.beside = event.target.value === "" ? -1 : Number(event.target.value);
      map.setProps({ initialViewState: fitted() });
      redraw();
    });
    find("map-measure").addEventListener("change", (event) => { view.measure = event.target.value; legend(); redraw(); });
    find("map-zones").addEventListener("change", (event) => { view.zones = event.target.checked; legend(); redraw(); });
    find("map-changes").addEventListener("change", (event) => { view.changes = event.target.checked; redraw(); });
    find("map-message").remove();
    setStep(Math.min(nearest(3600), data.steps_s.length - 1));
    legend();
    lists();
    redraw();
  }

  async function main() {
    const data = JSON.parse(find("map-data").textContent);
    try {
      const streets = await readStreets(data);
      await readStates(data);
      start(data, streets);
    } catch (error) {
      find("map-app").dataset.state = "failed";
      const message = find("map-message");
      if (message) message.textContent = say("The map can't be drawn here: {reason}. The pictures below show the same run.", { reason: error.message });
    }
  }

  main();
})();
