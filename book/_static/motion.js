// Slow motion: plays a diagram one operation at a time. All numbers come with the page.
document.addEventListener("DOMContentLoaded", () => {
  for (const motion of document.querySelectorAll(".motion")) {
    const { given, values, frames } = JSON.parse(motion.querySelector("script").textContent);
    const controls = motion.querySelector(".motion-controls");
    const says = motion.querySelector(".motion-says");
    const [back, next] = controls.querySelectorAll("button");
    let at = -1; // before the first operation of all

    const show = () => {
      const step = at < 0 ? 1 : frames[at].step;
      const done = new Set(given);
      frames.slice(0, at + 1).forEach((frame) => {
        if (frame.step === step) frame.nodes.forEach((name) => done.add(name));
      });
      const now = new Set(at < 0 ? given : frames[at].nodes);
      for (const text of motion.querySelectorAll("[data-value]")) {
        const name = text.dataset.value;
        text.textContent = done.has(name) ? values[step - 1][name] : "";
      }
      for (const node of motion.querySelectorAll("[data-node]")) {
        node.classList.toggle("motion-now", now.has(node.dataset.node));
        node.classList.toggle("motion-later", !done.has(node.dataset.node));
      }
      for (const line of motion.querySelectorAll("[data-to]")) {
        line.classList.toggle("motion-now", at >= 0 && now.has(line.dataset.to));
      }
      says.textContent = at < 0 ? "What goes in is known. Press Next." : frames[at].says;
      back.disabled = at < 0;
      next.disabled = at === frames.length - 1;
    };

    controls.addEventListener("click", (event) => {
      const move = event.target.dataset.move;
      if (move === undefined) return;
      at = move === "0" ? -1 : Math.min(Math.max(at + Number(move), -1), frames.length - 1);
      show();
    });
    controls.hidden = says.hidden = false;
    show();
  }
});
