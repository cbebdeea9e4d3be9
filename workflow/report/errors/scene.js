// Shows a row's line among the lines of its scene. All texts are set as texts, never as HTML.
"use strict";

page.showScene = (() => {
  const AROUND = 30;
  const dialog = document.getElementById("scene");
  const { lines, scenes, speakers } = page.data;
  const element = (id) => document.getElementById(id);

  function listItem(line, nodes, isOwn) {
    const item = document.createElement("li");
    const speaker = document.createElement("b");
    speaker.textContent = `${speakers[lines.speaker[line]]}: `;
    item.append(speaker, ...nodes);
    if (isOwn) item.setAttribute("aria-current", "true");
    return item;
  }

  // The first or last of the lines that are shown, `step` by `step` from the row's own.
  function lastWithin(line, step) {
    let end = line;
    while (Math.abs(end - line) < AROUND && lines.scene[end + step] === lines.scene[line]) end += step;
    return end;
  }

  function describe(row) {
    const sure = row.abstains ? "" : ` with confidence ${row.confidence.toFixed(3)}`;
    const verdict = row.is_right ? "right" : "wrong";
    const seeds = row.seeds > 1 ? `, of each seed ${page.probabilitiesOfSeeds(row)}` : "";
    const agree = row.seeds > 1 ? ` ${page.seedsThatAgree(row)} seeds agree.` : "";
    const whose = page.data.question === "target" ? page.data.labels[1] : row.label;
    return (
      `${row.variant}, ${row.split}: predicted ${row.predicted}${sure}, true ${row.label}: ${verdict}.` +
      `${agree} Probability of ${whose} ${row.probability.toFixed(3)}${seeds}. ${row.words} words.`
    );
  }

  element("close").addEventListener("click", () => dialog.close());
  // A click beside the dialog is one on its backdrop, which counts as the dialog itself.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  return (row) => {
    const scene = lines.scene[row.line];
    const place = Object.entries(scenes).map(([name, values]) => `${name} ${values[scene]}`);
    element("place").textContent = place.join(", ") || "The lines around";
    element("said").textContent = describe(row);
    page.words.describe(row);
    const items = [];
    for (let line = lastWithin(row.line, -1); line <= lastWithin(row.line, 1); line++) {
      const isOwn = line === row.line;
      items.push(listItem(line, isOwn ? page.words.nodes(row) : [lines.text[line]], isOwn));
    }
    element("around").replaceChildren(...items);
    dialog.showModal();
    element("around").focus();
    element("around").querySelector("[aria-current]").scrollIntoView({ block: "center" });
  };
})();
