// Temperature and top-k: how scores become the probabilities from which a character is drawn.
"use strict";

/** Probabilities of scores at a temperature, of which only the k largest take part. */
function probabilities(scores, temperature, k) {
  const smallest = [...scores].sort((a, b) => b - a)[k - 1];
  const largest = Math.max(...scores);
  const powers = scores.map((s) => (s >= smallest ? Math.exp((s - largest) / temperature) : 0));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/** A labelled slider in a form. */
function slider(form, name, range, write) {
  const row = form.appendChild(document.createElement("p"));
  const label = row.appendChild(document.createElement("label"));
  const input = row.appendChild(document.createElement("input"));
  const output = row.appendChild(document.createElement("output"));
  input.id = `sampling-${name}`;
  label.htmlFor = output.htmlFor = input.id;
  label.textContent = name;
  Object.assign(input, { type: "range", ...range });
  input.addEventListener("input", write);
  return () => {
    output.textContent = input.value;
    return Number(input.value);
  };
}

for (const place of document.querySelectorAll('[data-play="sampling"]')) {
  const { characters, scores } = JSON.parse(place.querySelector("script").textContent);
  const figure = document.createElement("figure");
  figure.className = "course-figure";
  const form = figure.appendChild(document.createElement("form"));
  const table = figure.appendChild(document.createElement("table"));
  table.className = "table";
  table.innerHTML =
    "<thead><tr><th>character</th><th>score</th><th>probability</th><td></td></tr></thead>";
  const body = table.appendChild(document.createElement("tbody"));
  characters.forEach((character, index) => {
    const row = body.insertRow();
    row.insertCell().textContent = character;
    row.insertCell().textContent = scores[index].toFixed(1).replace("-", "−");
    row.insertCell();
    const bar = row.insertCell().appendChild(document.createElement("div"));
    bar.parentElement.className = "course-bar";
    bar.parentElement.setAttribute("aria-hidden", "true");
  });
  const write = () => {
    const shares = probabilities(scores, temperature(), k());
    shares.forEach((share, index) => {
      body.rows[index].cells[2].textContent = share.toFixed(3);
      body.rows[index].cells[3].firstChild.style.width = `${100 * share}%`;
    });
  };
  const temperature = slider(form, "temperature", { min: 0.1, max: 4, step: 0.1, value: 1 }, write);
  const k = slider(form, "top-k", { min: 1, max: scores.length, value: scores.length }, write);
  write();
  place.querySelector("figure").replaceWith(figure);
}
