// The table: its columns, how it is sorted and filtered, and the keys that work in it.
"use strict";

(() => {
  const { data, filters } = page;
  const holder = document.getElementById("table");
  const several = data.variants.some(({ seeds }) => seeds.length > 1);
  const ofTarget = data.question === "target";

  // Tabulator puts a formatter's text into the page as HTML; its own formatter makes it a text.
  const decimals = (cell) => cell.getValue()?.toFixed(3) ?? "—";
  const byNumber = (a, b) => (a ?? -1) - (b ?? -1);
  const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const collator = new Intl.Collator("en", { numeric: true });
  const byName = (a, b) => (a === b ? 0 : collator.compare(String(a), String(b)));

  function resultOf(cell) {
    const row = cell.getData();
    const name = row.is_right ? "right" : "wrong";
    cell.getElement().classList.add(`result-${name}`);
    return name;
  }

  // Three lines of a text, and dots if there is more.
  function clamped(cell) {
    const box = document.createElement("div");
    box.className = "clamped";
    box.textContent = cell.getValue();
    return box;
  }

  const number = { sorter: byNumber, headerSortStartingDir: "desc" };
  const name = { sorter: byName };
  // On a narrow screen the columns with the largest `responsive` are left out first.
  const columns = [
    { title: "result", field: "is_right", width: 58, responsive: 0, sorter: byNumber, formatter: resultOf },
    { title: "variant", field: "variant", width: 92, responsive: 6, ...name },
    { title: "split", field: "split", width: 48, responsive: 8, ...name },
    { title: "line", field: "text", minWidth: 150, responsive: 0, sorter: byText, formatter: clamped },
    { title: "speaker", field: "speaker", width: 76, responsive: 3, ...name },
    { title: "true", field: "label", width: 80, responsive: 2, ...name },
    { title: "predicted", field: "predicted", width: 86, responsive: 1, ...name },
    { title: "confi­dence", field: "confidence", width: 62, responsive: 1, formatter: decimals, ...number },
    { title: "proba­bility", field: "probability", width: 62, responsive: 5, formatter: decimals, ...number },
    { title: "words", field: "words", width: 64, responsive: 7, ...number },
    { title: "season", field: "season", width: 62, responsive: 9, ...name },
    { title: "episode", field: "episode", width: 64, responsive: 9, ...name },
  ].filter(({ field }) => data.scenes[field] || !["season", "episode"].includes(field));
  if (several) {
    const ofSeeds = [
      {
        title: "each seed", field: "id", width: 84, responsive: 10, headerSort: false,
        formatter: (cell) => page.probabilitiesOfSeeds(cell.getData()),
      },
      {
        title: "seeds agree", field: "agreement", width: 60, responsive: 4, ...number,
        formatter: (cell) => page.seedsThatAgree(cell.getData()),
      },
    ];
    columns.splice(columns.findIndex(({ field }) => field === "words"), 0, ...ofSeeds);
  }
  document.getElementById("probability-help").textContent = ofTarget
    ? `Probability is that of ${data.labels[1]}, and so is that of each seed.`
    : "Probability is that of the true label, and so is that of each seed.";

  // On a phone the form would fill the screen.
  document.getElementById("choose").open = !matchMedia("(max-width: 40rem)").matches;

  // What the form asks for, after the figures of these rows are shown.
  function chosen() {
    const predicate = filters.predicate();
    filters.showFigures(page.rows.filter(predicate));
    return predicate;
  }

  filters.start();
  const table = new Tabulator("#table", {
    data: page.rows,
    columns,
    layout: "fitColumns",
    responsiveLayout: "hide",
    rowHeight: 52,
    initialFilter: chosen(),
    placeholder: "No row matches the filters.",
    columnDefaults: { headerTooltip: false },
    rowFormatter: (row) => { row.getElement().tabIndex = 0; },
  });

  function filter() {
    table.setFilter(chosen());
    holder.setAttribute("aria-busy", "false");
  }

  table.on("rowClick", (event, row) => page.showScene(row.getData()));

  holder.addEventListener("keydown", (event) => {
    const header = event.target.closest(".tabulator-col");
    if (header && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      header.click();
      return;
    }
    const element = event.target.closest(".tabulator-row");
    if (!element) return;
    const row = table.getRow(element);
    const next = { ArrowDown: row.getNextRow(), ArrowUp: row.getPrevRow() }[event.key];
    if (event.key === "Enter") page.showScene(row.getData());
    else if (next) next.getElement().focus();
    else return;
    event.preventDefault();
  });

  let waiting;
  function filterSoon() {
    holder.setAttribute("aria-busy", "true");
    clearTimeout(waiting);
    waiting = setTimeout(filter, 150); // while somebody is typing
  }
  filters.form.addEventListener("input", filterSoon);
  filters.form.addEventListener("change", filterSoon); // what is filled in by a program
  filters.form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("all").addEventListener("click", () => { filters.clear(); filter(); });
  document.getElementById("first-order").addEventListener("click", () => table.clearSort());

  table.on("tableBuilt", () => {
    for (const header of holder.querySelectorAll(".tabulator-col.tabulator-sortable")) header.tabIndex = 0;
  });
})();
