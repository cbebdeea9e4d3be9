"""The table of the leak audits."""

from typing import Any

from whosaid.corpus.natural_order import by_number
from whosaid.reporting.formats import COUNT, METRIC, rendered
from whosaid.reporting.markdown import escaped
from whosaid.reporting.markdown import table as markdown_table
from whosaid.split_names import HELD_OUT, SPLITS

HEADERS = ["variant", "split", "rows", "exact", "normalised", "near", "both labels"]
HEADERS += ["best accuracy / F1"]
GROUPS = ("episodes", "scenes")

LEGEND = """\
*exact*: rows whose text as spoken also stands in train. *normalised*: the same, ignoring case,
punctuation and spacing. *near*: other rows whose character trigrams have a cosine of at least
{similarity:g} with a text of train (texts of {min_words} words or more). *both labels*: normalised
texts that the split holds with more than one label, and their rows. *best*: the best scores that a
classifier of the normalised text could reach if it knew the labels of the split."""

SHARED = """\
*shared*: {groups} that also have rows in train, and the share of the split's rows in them."""

NEIGHBOURS = """\
*neighbours in train*: rows that the variant reads together with a line of train."""


def share(count: int, share: float) -> str:
    """A count and a share as in `1,472 (14.8 %)`."""
    return f"{format(count, COUNT)} ({100 * share:.1f} %)"


def groups_of(audit: dict[str, Any], split: str) -> list[str]:
    """The groups that lines of the corpus belong to."""
    return [group for group in GROUPS if f"shared_{group}" in audit["held_out"][split]]


def held_out_row(title: str, split: str, audit: dict[str, Any]) -> list[str]:
    """The row of a variant and one of its held-out splits."""
    facts, found = audit["splits"][split], audit["held_out"][split]
    duplicates = [found[f"{kind}_duplicates"] for kind in ("exact", "normalised", "near")]
    shared = [found[f"shared_{group}"] for group in groups_of(audit, split)]
    neighbours = found.get("shared_neighbours")
    both, best = facts["both_labels"], facts["best"]["normalised"]
    return [
        escaped(title),
        split,
        f"{facts['rows']:,}",
        *(share(of["rows"], of["share"]) for of in duplicates),
        f"{both['texts']:,} ({both['rows']:,} rows)",
        " / ".join(rendered(best[name], METRIC) for name in ("accuracy", "f1")),
        *(share(of["groups"], of["share"]) for of in shared),
        share(neighbours["rows"], neighbours["share"]) if neighbours else "",
    ]


def season_row(title: str, seasons: list[str], audit: dict[str, Any]) -> list[str]:
    """The row of a variant: for each season the number of rows in train / test / valid."""
    counts = [audit["splits"][split]["seasons"] for split in SPLITS]
    cells = [" / ".join(f"{of.get(season, 0):,}" for of in counts) for season in seasons]
    return [escaped(title), *cells]


def altered_splits(title: str, audit: dict[str, Any]) -> list[str]:
    """A warning for each split in which texts differ from the lines of their rows."""
    return [
        f"**{title}, {split}: {facts['altered_texts']} texts are not the lines of their rows.**\n"
        for split, facts in audit["splits"].items()
        if facts["altered_texts"]
    ]


def audit_page(experiment: str, titles: dict[str, str], audits: dict[str, dict[str, Any]]) -> str:
    """The page with the tables; `titles` and `audits` are by the name of the variant."""
    rows, warnings, seasons = [], [], set()
    first = next(iter(audits.values()))
    groups = groups_of(first, HELD_OUT[0])
    for name, audit in audits.items():
        rows += [held_out_row(titles[name], split, audit) for split in HELD_OUT]
        warnings += altered_splits(titles[name], audit)
        seasons |= {season for facts in audit["splits"].values() for season in facts["seasons"]}
    order = sorted(seasons, key=by_number)
    legend = LEGEND.format(
        similarity=first["near_duplicate_similarity"], min_words=first["near_duplicate_min_words"]
    )
    if groups:
        legend += "\n" + SHARED.format(groups=" and ".join(groups))
    headers = [*HEADERS, *(f"shared {group}" for group in groups)]
    if any(row[-1] for row in rows):
        headers.append("neighbours in train")
        legend += "\n" + NEIGHBOURS
    else:
        rows = [row[:-1] for row in rows]
    by_season = [season_row(titles[name], order, audit) for name, audit in audits.items()]
    parts = [
        f"# {experiment}: which held-out rows train knows\n",
        markdown_table(rows, headers) + "\n",
        *warnings,
        legend + "\n",
    ]
    if order:
        parts += [
            "Rows of each season, train / test / valid; each counts once:\n",
            markdown_table(by_season, ["variant", *map(escaped, order)]) + "\n",
        ]
    return "\n".join(parts)
