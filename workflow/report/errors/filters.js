// The form above the table: which rows it chooses, and the figures of these rows.
"use strict";

page.filters = (() => {
  const form = document.getElementById("filters");
  const fields = form.elements;
  const lowerCase = page.data.lines.text.map((text) => text.toLowerCase());
  // Seasons may be numbers or texts.
  const natural = new Intl.Collator("en", { numeric: true }).compare;

  function addOptions(name, values) {
    for (const [value, title] of values) fields[name].add(new Option(title, value));
  }

  function distinct(key) {
    const found = new Set(page.rows.map((row) => row[key]).filter((value) => value !== undefined));
    return [...found].sort((a, b) => natural(String(a), String(b))).map((each) => [each, each]);
  }

  addOptions("variant", page.data.variants.map(({ title }, number) => [number, title]));
  addOptions("split", page.data.splits.map((name) => [name, name]));
  addOptions("speaker", distinct("speaker"));
  addOptions("season", distinct("season"));
  addOptions("kind", distinct("kind"));
  fields.kind.closest("label").hidden = fields.kind.length === 2;
  fields.season.closest("label").hidden = fields.season.length === 1;
  fields.agreement.closest("label").hidden = page.rows.every((row) => row.seeds === 1);

  const results = {
    wrong: (row) => !row.is_right,
    right: (row) => row.is_right,
    abstains: (row) => row.abstains,
  };

  // One test for each field that is filled.
  function tests() {
    const value = (name) => fields[name].value.trim();
    const number = (name) => parseFloat(value(name));
    const found = [];
    if (value("variant")) found.push((row) => row.variant_number === number("variant"));
    for (const name of ["split", "speaker", "season"]) {
      const wanted = fields[name].value;
      if (wanted) found.push((row) => String(row[name]) === wanted);
    }
    if (value("kind") === "any") found.push((row) => row.kind !== undefined);
    else if (value("kind")) found.push((row) => row.kind === value("kind"));
    if (value("result")) found.push(results[value("result")]);
    if (value("agreement")) {
      const agree = value("agreement") === "agree";
      found.push((row) => (row.agreement === 1) === agree);
    }
    for (const name of ["words", "confidence"]) {
      const [from, to] = [number(`${name}_from`), number(`${name}_to`)];
      // A row on which the variant abstains has no confidence.
      if (!isNaN(from)) found.push((row) => row[name] !== null && row[name] >= from);
      if (!isNaN(to)) found.push((row) => row[name] !== null && row[name] <= to);
    }
    const text = value("text").toLowerCase();
    if (text) found.push((row) => lowerCase[row.line].includes(text));
    return found;
  }

  function showFigures(chosen) {
    const count = (n, noun) => `${n.toLocaleString("en")} ${noun}`;
    const wrong = chosen.filter((row) => !row.is_right).length;
    const abstained = chosen.filter((row) => row.abstains).length;
    const right = chosen.reduce((sum, row) => sum + row.seeds_right / row.seeds, 0);
    const several = chosen.some((row) => row.seeds > 1);
    const parts = [
      `${count(chosen.length, "rows")} of ${page.rows.length.toLocaleString("en")}`,
      wrong === 1 ? "1 mistake" : count(wrong, "mistakes"),
    ];
    if (abstained) parts.push(count(abstained, "abstained"));
    if (chosen.length) {
      const share = (n) => (n / chosen.length).toFixed(3);
      const together = `mean over the seeds; ${share(chosen.length - wrong)} with their mean prediction`;
      parts.push(`accuracy ${share(right)}${several ? ` (${together})` : ""}`);
    }
    document.getElementById("figures").textContent = parts.join(" · ");
  }

  return {
    form,
    // A function of a row: does it match the form?
    predicate() {
      const all = tests();
      return (row) => all.every((test) => test(row));
    },
    showFigures,
    // What the page shows first: the reference's reported split.
    start() {
      fields.variant.value = page.data.reference;
      fields.split.value = page.data.splits[0];
    },
    // No filter at all; `form.reset()` would do the same but for what a browser remembers.
    clear() {
      for (const field of fields) if (field.name) field.value = "";
    },
  };
})();
