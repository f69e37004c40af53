// While the map is moved and can't be drawn in time, it is drawn with fewer pixels; with all of them when it rests.
// Without a graphics card each pixel costs: half as many each way are drawn twice as often.

const SLOW_MS = 40, FRAMES = 4, REST_MS = 400, SHARE = 0.5;

/** @param {object} map of maplibre */
export function drawFewerPixelsWhileMoving(map) {
  let watched = null, began = 0, frames = 0, rest = null, isCoarse = false, isChanging = false;

  function draw(coarsely) {
    isCoarse = coarsely;
    isChanging = true; // the map says that it moves when its size changes
    map.setPixelRatio(window.devicePixelRatio * (coarsely ? SHARE : 1));
    map.redraw();
    isChanging = false;
  }

  function watch(now) {
    frames += 1;
    if (frames === FRAMES) {
      if (now - began > FRAMES * SLOW_MS && !isCoarse) draw(true);
      frames = 0;
      began = now;
    }
    watched = requestAnimationFrame(watch);
  }

  function end() {
    cancelAnimationFrame(watched);
    watched = null;
    if (isCoarse) draw(false);
  }

  map.on("move", () => {
    if (isChanging) return;
    clearTimeout(rest);
    rest = setTimeout(end, REST_MS);
    if (watched) return;
    began = performance.now();
    frames = 0;
    watched = requestAnimationFrame(watch);
  });
}
