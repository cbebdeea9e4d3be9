// Unpacks the columns that the page holds: `page.data`, and an object for each row in `page.rows`.
"use strict";

const page = {};
page.data = JSON.parse(document.getElementById("data").textContent);

page.rows = (() => {
  const { variants, splits, labels, speakers, scenes, lines, rows, words } = page.data;
  const FRACTION = 10000; // probabilities stand in the page as whole numbers
  return rows.line.map((line, i) => {
    const scene = lines.scene[line];
    const variant = variants[rows.variant[i]];
    const abstains = rows.abstained[i] === 1;
    const seeds = variant.seeds.length;
    return {
      id: i,
      line,
      variant: variant.title,
      variant_number: rows.variant[i],
      split: splits[rows.split[i]],
      text: lines.text[line],
      speaker: speakers[lines.speaker[line]],
      label: labels[rows.label[i]],
      predicted: labels[rows.predicted[i]] + (abstains ? " (abstains)" : ""),
      is_right: rows.label[i] === rows.predicted[i],
      abstains,
      confidence: abstains ? null : rows.confidence[i] / FRACTION,
      probability: rows.probability[i] / FRACTION,
      seeds,
      seeds_right: rows.seeds_right[i],
      agreement: rows.seeds_agree[i] / seeds,
      words: lines.words[line],
      season: scenes.season?.[scene],
      episode: scenes.episode?.[scene],
      kind: words[i]?.kind, // of the rows whose words are weighed
    };
  });
})();

// The probabilities of each seed, as one text.
page.probabilitiesOfSeeds = (row) =>
  page.data.rows.seeds
    .slice(0, row.seeds)
    .map((ofSeed) => (ofSeed[row.id] / 10000).toFixed(3))
    .join(" ");

// Such as "2 of 3".
page.seedsThatAgree = (row) => `${Math.round(row.agreement * row.seeds)} of ${row.seeds}`;
