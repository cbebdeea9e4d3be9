"""What Snakemake does while jobs run: this is its own affair, but it takes their time."""

import re

import pytest
from tree import copy_project

COUNTED = """
from snakemake.scheduling.job_scheduler import JobScheduler

selections = []
select = JobScheduler.job_selector
JobScheduler.job_selector = lambda self, jobs: selections.append(1) or select(self, jobs)


include: "Snakefile"


onsuccess:
    print(len(selections), "selections")
"""


@pytest.mark.slow
def test_snakemake_looks_for_jobs_to_start_only_when_one_has_ended(tmp_path):
    tree = copy_project(tmp_path / "whosaid")
    (tree.root / "counted.smk").write_text(COUNTED, encoding="utf-8")
    variants = ("basic_distilbert", "rebalanced_distilbert", "tfidf")
    targets = " ".join(f"data/demo/splits/{variant}/split_counts.json" for variant in variants)
    printed = tree.snakemake(f"-s counted.smk --cores 1 {targets}")
    jobs = int(re.search(r"(\d+) of \1 steps", printed)[1])
    assert int(re.search(r"(\d+) selections", printed)[1]) <= jobs + 1
