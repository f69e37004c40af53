// An area is drawn on the map, corner by corner.

/* global terraDraw, terraDrawMaplibreGlAdapter */

/**
 * Let a person draw a polygon; `done` is told its geometry.
 * @param {object} map of maplibre
 * @param {(geometry: object) => void} done
 * @returns {() => void} what ends it
 */
export function drawPolygon(map, done) {
  const { TerraDraw, TerraDrawPolygonMode } = terraDraw;
  const drawing = new TerraDraw({ adapter: new terraDrawMaplibreGlAdapter.TerraDrawMapLibreGLAdapter({ map }), modes: [new TerraDrawPolygonMode({ showCoordinatePoints: true })] });
  drawing.start();
  drawing.setMode("polygon");
  drawing.on("finish", (id) => {
    const { geometry } = drawing.getSnapshot().find((item) => item.id === id);
    drawing.stop();
    done(geometry);
  });
  return () => drawing.stop();
}
