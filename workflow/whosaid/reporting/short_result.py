"""The figures of one metric file as a table on the terminal.

python -m whosaid.reporting.short_result results/demo/metrics/tfidf/test.json
"""

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from whosaid.caching.json_files import read_json
from whosaid.reporting.formats import METRIC, UNDEFINED, rendered
from whosaid.reporting.markdown import table


def short_result(metrics: Mapping[str, Any]) -> str:
    """What a metric file says: a row for each metric, with its interval where it has one."""
    intervals = metrics["intervals"] or {}
    head = f"{metrics['variant']} on {metrics['split']}, {metrics['rows']:,} rows:"
    rows = [
        [
            name.replace("_", " "),
            rendered(value, METRIC),
            " to ".join(rendered(end, METRIC) for end in intervals.get(name) or []) or UNDEFINED,
        ]
        for name, value in metrics["metrics"].items()
    ]
    return f"{head}\n\n{table(rows, ['metric', 'value', 'interval'])}"


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", help="a metric file")
    try:
        print(short_result(read_json(parser.parse_args().path)))
    except OSError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
