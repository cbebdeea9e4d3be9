"""Write the table of the leak audits.

In: the audit of every variant. Out: `audit.md`, one row per variant and held-out split, and the
rows of each season.
"""

import logging
from typing import Any

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import read_json
from whosaid.jobs.stage import arguments, stage
from whosaid.reporting.audit_table import audit_page

logger = logging.getLogger(__name__)


def main(audits: list[str], table: str, experiment: str, variants: list[dict[str, Any]]) -> None:
    """Write the table of the `audits`, one path per variant in the order of `variants`."""
    by_name = dict(zip((each["name"] for each in variants), map(read_json, audits), strict=True))
    titles = {each["name"]: each["title"] for each in variants}
    with atomic_write(table) as partial:
        partial.write_text(audit_page(experiment, titles, by_name), encoding="utf-8")
    logger.info("%s: %d variants", table, len(variants))


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
