// Tens of thousands of cars as points, drawn by the graphics card from one array: no feature, no tile, no copy a car.

/* global maplibregl */

const VERTEX = `
uniform mat4 u_matrix; uniform float u_size; uniform vec4 u_moving, u_standing;
attribute vec3 a_car; varying vec4 v_colour;
void main() { gl_Position = u_matrix * vec4(a_car.xy, 0.0, 1.0); gl_PointSize = u_size; v_colour = a_car.z > 0.5 ? u_standing : u_moving; }`;
const FRAGMENT = `
precision mediump float; varying vec4 v_colour;
void main() { if (length(gl_PointCoord - 0.5) > 0.5) discard; gl_FragColor = v_colour; }`;
const NEAR = 18, FAR = 11; // zooms between which points grow

function shader(gl, kind, source) {
  const made = gl.createShader(kind);
  gl.shaderSource(made, source);
  gl.compileShader(made);
  return made;
}

/** A colour of the page's style, such as #0b5cad, as the graphics card has it. */
function rgba(text) { return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16) / 255).concat(1); }

export class CarsLayer {
  /**
   * @param {{moving: () => string, standing: () => string}} colours
   */
  constructor(colours) {
    this.id = "cars";
    this.type = "custom";
    this.renderingMode = "2d";
    this.colours = colours;
    this.origin = null;
    this.lines = new Map();
    this.array = new Float32Array(0);
    this.count = 0;
    this.isNew = false;
    this.program = this.buffer = null;
  }

  /** Take the roads that cars are on: by their edge, as lines from the one end to the other. */
  learn(roads) {
    this.count = 0;
    this.lines = new Map(roads.map((item) => [item.properties.edge, item]));
    this.origin = roads.length ? maplibregl.MercatorCoordinate.fromLngLat(roads[0].geometry.coordinates[0]) : null;
  }

  /**
   * Show cars: by edge, metres along it, where those that stand are −1 − metres.
   * @param {Record<string, number[]>} cars
   * @returns {{moving: number, standing: number}}
   */
  show(cars) {
    const total = Object.values(cars).reduce((sum, list) => sum + list.length, 0);
    if (this.array.length < 3 * total) this.array = new Float32Array(3 * Math.ceil(total * 1.5));
    let at = 0, standing = 0;
    for (const [edge, list] of Object.entries(cars)) {
      const line = this.#line(edge);
      if (!line) continue;
      for (const metres of list) {
        const stands = metres < 0;
        if (stands) standing += 1;
        this.#put(line, Math.min(1, (stands ? -1 - metres : metres) / line.length), at);
        this.array[at + 2] = Number(stands);
        at += 3;
      }
    }
    this.count = at / 3;
    this.isNew = true;
    this.map?.triggerRepaint();
    return { moving: this.count - standing, standing };
  }

  clear() {
    this.count = 0;
    this.map?.triggerRepaint();
  }

  onAdd(map) { this.map = map; }

  /** Make what draws, when there is something to draw for the first time: it takes a while without a graphics card. */
  #prepare(gl) {
    this.program = gl.createProgram();
    gl.attachShader(this.program, shader(gl, gl.VERTEX_SHADER, VERTEX));
    gl.attachShader(this.program, shader(gl, gl.FRAGMENT_SHADER, FRAGMENT));
    gl.linkProgram(this.program);
    this.at = Object.fromEntries(["u_matrix", "u_size", "u_moving", "u_standing"].map((name) => [name, gl.getUniformLocation(this.program, name)]));
    this.attribute = gl.getAttribLocation(this.program, "a_car");
    this.buffer = gl.createBuffer();
    this.isNew = true;
  }

  onRemove(_map, gl) {
    gl.deleteProgram(this.program); // none: nothing happens
    gl.deleteBuffer(this.buffer);
    this.program = this.map = null;
  }

  render(gl, { defaultProjectionData: { mainMatrix } }) {
    if (!this.count) return;
    if (!this.program) this.#prepare(gl);
    gl.useProgram(this.program);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    if (this.isNew) gl.bufferData(gl.ARRAY_BUFFER, this.array.subarray(0, 3 * this.count), gl.DYNAMIC_DRAW);
    this.isNew = false;
    gl.enableVertexAttribArray(this.attribute);
    gl.vertexAttribPointer(this.attribute, 3, gl.FLOAT, false, 0, 0);
    gl.uniformMatrix4fv(this.at.u_matrix, false, this.#fromOrigin(mainMatrix));
    const zoom = Math.min(NEAR, Math.max(FAR, this.map.getZoom()));
    gl.uniform1f(this.at.u_size, (3 + 6 * (zoom - FAR) / (NEAR - FAR)) * this.map.getPixelRatio());
    gl.uniform4fv(this.at.u_moving, rgba(this.colours.moving()));
    gl.uniform4fv(this.at.u_standing, rgba(this.colours.standing()));
    gl.drawArrays(gl.POINTS, 0, this.count);
  }

  /** The map's matrix for places from the origin: single precision would jump by metres from the map's own corner. */
  #fromOrigin(matrix) {
    const moved = Array.from(matrix), { x, y } = this.origin;
    for (let row = 0; row < 4; row += 1) moved[12 + row] += matrix[row] * x + matrix[4 + row] * y;
    return moved;
  }

  /** A road as places from the origin, with the length up to each. */
  #line(edge) {
    const known = this.lines.get(edge);
    if (!known?.geometry) return known;
    const points = known.geometry.coordinates.map((lonLat) => maplibregl.MercatorCoordinate.fromLngLat(lonLat)).map(({ x, y }) => [x - this.origin.x, y - this.origin.y]);
    const along = [0];
    for (let i = 1; i < points.length; i += 1) along.push(along[i - 1] + Math.hypot(points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]));
    const line = { points, along, length: known.properties.length_m };
    this.lines.set(edge, line);
    return line;
  }

  #put({ points, along }, share, at) {
    const wanted = share * along.at(-1);
    let i = 1;
    while (i < along.length - 1 && along[i] < wanted) i += 1;
    const part = along[i] > along[i - 1] ? (wanted - along[i - 1]) / (along[i] - along[i - 1]) : 0;
    this.array[at] = points[i - 1][0] + part * (points[i][0] - points[i - 1][0]);
    this.array[at + 1] = points[i - 1][1] + part * (points[i][1] - points[i - 1][1]);
  }
}
