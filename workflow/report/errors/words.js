// Shows which words push a line: shaded in the line, and the strongest of them in a sentence.
"use strict";

page.words = (() => {
  const MOST = 3; // so many words are named for each side
  const WEAK = 0.2; // words below this share of the line's largest weight are not shaded
  const LEAST = 0.1; // a line whose largest weight is smaller is hardly shaded: no word matters
  const said = document.getElementById("weights");
  const signed = (weight) => (weight > 0 ? "+" : "") + weight.toFixed(3);

  function wordNode([text, weight], largest) {
    if (weight === null) return text;
    const word = document.createElement("span");
    word.textContent = text;
    word.title = signed(weight);
    const strength = Math.abs(weight) / largest;
    if (strength >= WEAK) {
      word.className = weight > 0 ? "towards" : "away";
      word.style.setProperty("--strength", strength.toFixed(2));
    }
    return word;
  }

  function strongest(pieces, sign) {
    const pushing = pieces.filter(([, weight]) => sign * weight > 0);
    pushing.sort(([, a], [, b]) => sign * (b - a));
    return pushing.slice(0, MOST).map(([text, weight]) => `“${text}” ${signed(weight)}`).join(", ") || "no word";
  }

  return {
    // The line's text, in nodes: its words, if they are weighed.
    nodes(row) {
      const found = page.data.words[row.id];
      if (!found) return [row.text];
      const largest = Math.max(LEAST, ...found.pieces.map(([, weight]) => Math.abs(weight)));
      return found.pieces.map((piece) => wordNode(piece, largest));
    },
    // The legend, the strongest words with their numbers, and what these are.
    describe(row) {
      const found = page.data.words[row.id];
      said.hidden = !found;
      if (!found) return;
      document.getElementById("towards").textContent = strongest(found.pieces, 1);
      document.getElementById("away").textContent = strongest(found.pieces, -1);
      document.getElementById("unit").textContent = found.unit;
    },
  };
})();
