// An area is drawn on the map, corner by corner: by clicks, or at the middle of the map for whoever doesn't point.

/* global terraDraw, terraDrawMaplibreGlAdapter */

const FINISH = "finish"; // no key is called so: Enter is a corner here

/**
 * Let a person draw a polygon.
 * @param {import("./map.js").PlaceMap} placeMap
 * @param {{changed: (corners: number) => void, done: (geometry: object) => void}} hear how many corners there are, and the polygon
 * @returns {{corner: () => void, back: () => void, finish: () => void, stop: () => void}} a corner at the middle of the map,
 *   the last one taken back, the polygon complete; and what ends it
 */
export function drawPolygon(placeMap, { changed, done }) {
  const { map } = placeMap, canvas = map.getCanvas();
  const mode = new terraDraw.TerraDrawPolygonMode({ showCoordinatePoints: true, keyEvents: { cancel: "Escape", finish: FINISH } });
  const drawing = new terraDraw.TerraDraw({ adapter: new terraDrawMaplibreGlAdapter.TerraDrawMapLibreGLAdapter({ map }), modes: [mode] });
  drawing.start();
  drawing.setMode("polygon");
  drawing.on("change", () => queueMicrotask(() => drawing.enabled && changed(mode.undoSize())));
  drawing.on("finish", (id) => {
    const { geometry } = drawing.getSnapshot().find((item) => item.id === id);
    stop();
    done(geometry);
  });
  const corner = () => {
    const { lng, lat } = map.getCenter(), { x, y } = map.project([lng, lat]);
    const click = { lng, lat, containerX: x, containerY: y, button: "left", heldKeys: [], isContextMenu: false };
    mode.onMouseMove(click);
    mode.onClick(click);
  };
  const onKey = (event) => {
    if (event.key === "Enter") { event.preventDefault(); corner(); }
    if (event.key === "Backspace") { event.preventDefault(); mode.undo(); }
  };
  canvas.addEventListener("keydown", onKey);
  placeMap.aim(true);
  function stop() {
    canvas.removeEventListener("keydown", onKey);
    placeMap.aim(false);
    drawing.stop();
  }
  return { corner, back: () => mode.undo(), finish: () => mode.onKeyUp({ key: FINISH, heldKeys: [], preventDefault() {} }), stop };
}
