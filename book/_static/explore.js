// Explorer: computes a cell's graph, as the page describes it, from where its sliders stand.
const OPERATIONS = {
  "σ": (value) => 1 / (1 + Math.exp(-value)),
  "tanh": Math.tanh,
  "∘": (...values) => values.reduce((product, value) => product * value),
  "+": (...values) => values.reduce((sum, value) => sum + value),
  "1−": (value) => 1 - value,
  "state": (value) => value,
};
const WIDEST = 4; // the number that fills half of a bar

document.addEventListener("DOMContentLoaded", () => {
  for (const explorer of document.querySelectorAll(".explorer")) {
    const graph = JSON.parse(explorer.querySelector("script").textContent);
    const dials = explorer.querySelectorAll("[data-dial]");
    const written = (value) => value.toFixed(2).replace("-", "−");

    const show = () => {
      const values = {};
      for (const dial of dials) {
        values[dial.dataset.dial] = Number(dial.value);
        dial.parentElement.querySelector("output").textContent = written(Number(dial.value));
      }
      for (const node of graph) {
        if (node.from.length === 0) continue;
        values[node.name] = OPERATIONS[node.does](...node.from.map((name) => values[name]));
      }
      for (const place of explorer.querySelectorAll("[data-value]")) {
        place.textContent = written(values[place.dataset.value]);
      }
      for (const place of explorer.querySelectorAll("[data-bar]")) {
        const share = Math.min(Math.max(values[place.dataset.bar] / WIDEST, -1), 1) * 50;
        const style = place.firstElementChild.style;
        style.left = `${Math.min(50, 50 + share)}%`;
        style.width = `${Math.abs(share)}%`;
      }
    };

    explorer.addEventListener("input", show);
    explorer.querySelector(".explorer-dials").hidden = false;
    show(); // the browser may have kept where the sliders stood
  }
});
