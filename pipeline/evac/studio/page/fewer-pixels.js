// While the map is moved and can't be drawn in time, it is drawn with fewer pixels; with all of them when it rests.
// Without a graphics card each pixel costs: half as many each way are drawn twice as often.

const SLOW_MS = 40, FRAMES = 4, REST_MS = 400, SHARE = 0.5;

/** How many pixels each way a map is drawn with that isn't seen yet, of one on the screen. */
export const FEW_PIXELS = 0.1;

/** Draw a map with all pixels, and from now on with fewer while it moves; return once it is drawn. */
export async function drawAllPixels(map) {
  map.setPixelRatio(window.devicePixelRatio);
  await map.once("render");
  drawFewerPixelsWhileMoving(map);
}

/** @param {object} map of maplibre */
function drawFewerPixelsWhileMoving(map) {
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
