"""Whether every number of a summary is the rendering of a value in a JSON file."""

import json
import re
from pathlib import Path

from whosaid.reporting.formats import rendered

WORDS = re.compile(r"\bF1\b")
"""Words with a digit that are no numbers."""

LINK = re.compile(r"\]\([^)]*\)")


def unaddressed(root: Path) -> list[str]:
    """What in `results/summary.md` below `root` is not what stands at its address, a line each.

    The addresses in `results/summary.json` are followed into the JSON files as these are now, and
    found again in the page, one after the other; nothing with a digit may stand between them.
    """
    page = LINK.sub("]", (root / "results" / "summary.md").read_text(encoding="utf-8"))
    page = " ".join(page.split())
    faults, end = [], 0
    for address in read_json(root / "results" / "summary.json")["numbers"]:
        value = read_json(root / address["file"])
        for key in address["key"]:
            value = value[key]
        text = " ".join(rendered(value, address["form"]).split())
        if text != address["text"]:
            faults.append(f"{address} is now {text}")
        found = re.compile(rf"(?<![\w.,+-]){re.escape(text)}(?!\w|[.,]\d)").search(page, end)
        if found is None:
            faults.append(f"{address} is not in the page, or not in this place")
            continue
        faults += digits_in(page[end : found.start()])
        end = found.end()
    return faults + digits_in(page[end:])


def digits_in(text: str) -> list[str]:
    """The words of a text between two addresses that hold a digit."""
    without = WORDS.sub("", text)
    return [f"{word} has no address" for word in without.split() if re.search(r"\d", word)]


def read_json(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))
