"""Write the table of the audits.

In: the audit of every variant. Out: `audit.md`, one row per variant and held-out split, and the
rows of each season.
"""

import json
import logging
from pathlib import Path
from typing import Any

from whosaid.markdown import escaped
from whosaid.markdown import table as markdown_table
from whosaid.splits import SPLITS
from whosaid.stage import stage
from whosaid.whole import whole

logger = logging.getLogger(__name__)

HEADERS = ["variant", "split", "rows", "exact", "normalised", "near", "both labels"]
HEADERS += ["best accuracy / F1", "shared episodes", "shared scenes"]

LEGEND = """\
*exact*, *normalised*, *near*: rows whose text as spoken also stands in train; whatever the case,
punctuation and spacing; or else with a cosine of character trigrams of at least {similarity:g}
(texts of {min_words} words or more). *both labels*: texts that the split holds as the target's and
as another's, normalised, and their rows. *best*: what these leave to a classifier that sees
nothing but the normalised text, with foreknowledge of the split. *shared*: episodes and scenes
with rows in train too, and the share of the split's rows that are of them."""


def share(count: int, share: float) -> str:
    """A count and a share as in `1,472 (14.8 %)`."""
    return f"{count:,} ({100 * share:.1f} %)"


def held_out_row(title: str, split: str, audit: dict[str, Any]) -> list[str]:
    """The row of a variant and one of its held-out splits."""
    facts, found = audit["splits"][split], audit["held_out"][split]
    duplicates = [found[f"{kind}_duplicates"] for kind in ("exact", "normalised", "near")]
    groups = [found[f"shared_{kind}"] for kind in ("episodes", "scenes")]
    both, best = facts["both_labels"], facts["best"]["normalised"]
    return [
        escaped(title),
        split,
        f"{facts['rows']:,}",
        *(share(of["rows"], of["share"]) for of in duplicates),
        f"{both['texts']:,} ({both['rows']:,} rows)",
        f"{best['accuracy']:.3f} / {best['f1']:.3f}",
        *(share(of["groups"], of["share"]) for of in groups),
    ]


def season_row(title: str, seasons: list[str], audit: dict[str, Any]) -> list[str]:
    """The row of a variant: its train / test / valid rows of each season."""
    counts = [audit["splits"][split]["seasons"] for split in SPLITS]
    cells = [" / ".join(f"{of.get(season, 0):,}" for of in counts) for season in seasons]
    return [escaped(title), *cells]


def altered_splits(title: str, audit: dict[str, Any]) -> list[str]:
    """A warning for each split with texts that are not the lines of their rows."""
    return [
        f"**{title}, {split}: {facts['altered_texts']} texts are not the lines of their rows.**\n"
        for split, facts in audit["splits"].items()
        if facts["altered_texts"]
    ]


def main(audits: list[str], table: str, experiment: str, variants: list[dict[str, Any]]) -> None:
    """Write the table of the `audits`, one path per variant in the order of `variants`."""
    loaded = [json.loads(Path(path).read_text(encoding="utf-8")) for path in audits]
    titles = [variant["title"] for variant in variants]
    rows, warnings, seasons = [], [], set()
    for title, audit in zip(titles, loaded, strict=True):
        rows += [held_out_row(title, split, audit) for split in ("test", "valid")]
        warnings += altered_splits(title, audit)
        seasons |= {season for facts in audit["splits"].values() for season in facts["seasons"]}
    order = sorted(seasons, key=lambda season: (len(season), season))
    of_seasons = [
        season_row(title, order, audit) for title, audit in zip(titles, loaded, strict=True)
    ]
    legend = LEGEND.format(
        similarity=loaded[0]["near_duplicate_similarity"],
        min_words=loaded[0]["near_duplicate_min_words"],
    )
    parts = [
        f"# {experiment}: what train knows of the rows held out\n",
        markdown_table(rows, HEADERS) + "\n",
        *warnings,
        legend + "\n",
        "Rows of each season, train / test / valid; each counts once:\n",
        markdown_table(of_seasons, ["variant", *order]) + "\n",
    ]
    with whole(table) as partial:
        partial.write_text("\n".join(parts), encoding="utf-8")
    logger.info("%s: %d variants", table, len(variants))


if __name__ == "__main__":
    with stage(snakemake):
        main(
            audits=list(snakemake.input.audits),
            table=snakemake.output.table,
            **json.loads(snakemake.params.settings),
        )
