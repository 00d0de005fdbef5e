// Gradient flow in a plain RNN: the reader moves the spectral radius and sees what comes back.
"use strict";

(() => {
  const SPACE = "http://www.w3.org/2000/svg";
  const WIDTH = 640, HEIGHT = 340, LEFT = 64, RIGHT = 16, TOP = 14, BOTTOM = 48;
  const LOWEST = -20, HIGHEST = 20; // powers of ten on the vertical axis

  // The largest singular value of a square matrix: Jacobi rotations make PᵀP diagonal.
  function spectralNorm(P) {
    const n = P.length;
    const A = P.map((_, i) => P.map((_, j) => P.reduce((sum, row) => sum + row[i] * row[j], 0)));
    for (let sweep = 0; sweep < 30; sweep++) {
      let off = 0, all = 0;
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
        all += A[i][j] ** 2;
        if (i !== j) off += A[i][j] ** 2;
      }
      if (off <= 1e-24 * all) break;
      for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) {
        if (A[p][q] === 0) continue;
        const theta = (A[q][q] - A[p][p]) / (2 * A[p][q]);
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1), s = t * c;
        for (let k = 0; k < n; k++) {
          [A[k][p], A[k][q]] = [c * A[k][p] - s * A[k][q], s * A[k][p] + c * A[k][q]];
        }
        for (let k = 0; k < n; k++) {
          [A[p][k], A[q][k]] = [c * A[p][k] - s * A[q][k], s * A[p][k] + c * A[q][k]];
        }
      }
    }
    return Math.sqrt(Math.max(...A.map((row, i) => row[i])));
  }

  // Norms of ∂h_T/∂h_(T−k) for k = 0 … T, for h_t = tanh(radius · W h_(t−1) + strength · u_t).
  function gradientNorms(W, inputs, radius, strength, T) {
    const n = W.length;
    const scaled = W.map((row) => row.map((w) => radius * w));
    let h = new Array(n).fill(0);
    const states = [];
    for (let t = 0; t < T; t++) {
      h = scaled.map((row, i) =>
        Math.tanh(row.reduce((sum, w, j) => sum + w * h[j], 0) + strength * inputs[t][i]));
      states.push(h);
    }
    let P = W.map((_, i) => W.map((_, j) => (i === j ? 1 : 0)));
    const norms = [1];
    for (const state of states.reverse()) {
      const step = scaled.map((row, i) => row.map((w) => (1 - state[i] ** 2) * w));
      P = P.map((row) => W.map((_, j) => row.reduce((sum, p, k) => sum + p * step[k][j], 0)));
      norms.push(spectralNorm(P));
    }
    return norms;
  }

  function said(number) {
    if (number >= 0.01 && number < 1000) return number.toPrecision(3);
    const power = Math.floor(Math.log10(number));
    const digits = String(power).replace("-", "⁻").replace(/\d/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]);
    return `${(number / 10 ** power).toFixed(1)} · 10${digits}`;
  }

  function element(parent, name, attributes = {}, text = "") {
    const made = name.startsWith("svg:")
      ? document.createElementNS(SPACE, name.slice(4)) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    parent.append(made);
    return made;
  }

  const LINES = {
    measured: { name: "measured", dash: "none", width: 3.5 },
    radius: { name: "ρᵏ, the spectral radius to the power k", dash: "8 5", width: 2 },
    bound: { name: "the bound, ‖W‖ᵏ", dash: "2 4", width: 2 },
  };

  function start(root) {
    const data = JSON.parse(root.querySelector("script").textContent);
    root.querySelector("figure").remove();
    const form = element(root, "form", { "aria-label": "Gradient flow: settings" });
    const number = Math.random().toString(36).slice(2);
    const field = (name, label, tag, attributes) => {
      const row = element(form, "p");
      element(row, "label", { for: `${name}-${number}` }, label);
      const input = element(row, tag, { id: `${name}-${number}`, name, ...attributes });
      return { input, output: element(row, "output", { for: `${name}-${number}` }) };
    };
    const slider = (name, label, min, max, step, value) =>
      field(name, label, "input", { type: "range", min, max, step, value });
    const fields = {
      radius: slider("radius", "spectral radius ρ", 0.3, 3, 0.05, data.start.radius),
      steps: slider("steps", "steps T", 5, data.inputs.length, 1, data.start.steps),
      strength: slider("strength", "strength of the inputs", 0, 1, 0.05, data.start.strength),
      kind: field("kind", "recurrent matrix", "select", {}),
    };
    for (const kind of Object.keys(data.matrices)) {
      element(fields.kind.input, "option", { value: kind }, kind);
    }
    const figure = element(root, "figure", { class: "course-figure" });
    const svg = element(figure, "svg:svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
    const legend = element(figure, "figcaption");
    for (const line of Object.values(LINES)) {
      const item = element(legend, "span", { class: "course-key" });
      const sample = element(item, "svg:svg", { viewBox: "0 0 40 10", "aria-hidden": "true" });
      element(sample, "svg:line", { x1: 0, y1: 5, x2: 40, y2: 5, stroke: "currentColor",
        "stroke-width": line.width, "stroke-dasharray": line.dash });
      item.append(` ${line.name}`);
    }
    const result = element(root, "p", { class: "course-result", "aria-live": "polite" });

    function draw() {
      const radius = Number(fields.radius.input.value), T = Number(fields.steps.input.value);
      const strength = Number(fields.strength.input.value), kind = fields.kind.input.value;
      const { W, sigma } = data.matrices[kind];
      fields.radius.output.textContent = radius.toFixed(2);
      fields.steps.output.textContent = T;
      fields.strength.output.textContent = strength.toFixed(2);
      const powers = (base) => Array.from({ length: T + 1 }, (_, k) => base ** k);
      const curves = {
        bound: powers(radius * sigma),
        radius: powers(radius),
        measured: gradientNorms(W, data.inputs, radius, strength, T),
      };

      const x = (k) => LEFT + ((WIDTH - LEFT - RIGHT) * k) / T;
      const y = (value) => TOP + ((HEIGHT - TOP - BOTTOM) * (HIGHEST - Math.log10(value)))
        / (HIGHEST - LOWEST);
      svg.replaceChildren();
      const line = (attributes) => element(svg, "svg:line", { stroke: "currentColor", ...attributes });
      const write = (text, attributes) =>
        element(svg, "svg:text", { fill: "currentColor", "font-size": 13, ...attributes }, text);
      for (let power = LOWEST; power <= HIGHEST; power += 10) {
        const at = y(10 ** power);
        line({ x1: LEFT, x2: WIDTH - RIGHT, y1: at, y2: at, opacity: power ? 0.2 : 0.7 });
        write(power ? `1e${power}` : "1", { x: LEFT - 8, y: at + 4, "text-anchor": "end" });
      }
      for (let k = 0; k <= T; k += T > 20 ? 10 : 5) {
        write(k, { x: x(k), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle" });
      }
      write("steps back, k", { x: (LEFT + WIDTH) / 2, y: HEIGHT - 8, "text-anchor": "middle" });
      const clip = `clip-${number}`;
      const frame = element(svg, "svg:clipPath", { id: clip });
      element(frame, "svg:rect", { x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT,
        height: HEIGHT - TOP - BOTTOM });
      for (const [name, values] of Object.entries(curves)) {
        const points = values.map((value, k) => `${x(k).toFixed(1)},${y(value).toFixed(1)}`);
        element(svg, "svg:polyline", { points: points.join(" "), fill: "none",
          stroke: "currentColor", "stroke-width": LINES[name].width, "data-line": name,
          "stroke-dasharray": LINES[name].dash, "clip-path": `url(#${clip})` });
      }
      const [norm, power, bound] = ["measured", "radius", "bound"].map((name) => curves[name][T]);
      const told = `Norm of the gradient after ${T} steps back: ${said(norm)}. `
        + `Radius to the power ${T}: ${said(power)}. Bound: ${said(bound)}.`;
      result.textContent = told;
      result.dataset.norm = norm;
      svg.setAttribute("aria-label", "Line chart on a logarithmic axis: the norm of the gradient "
        + `after k steps back, with the power of the spectral radius and the bound. ${told}`);
    }

    form.addEventListener("input", draw);
    form.addEventListener("submit", (event) => event.preventDefault());
    draw();
  }

  document.querySelectorAll('[data-play="gradient-flow"]').forEach(start);
})();
