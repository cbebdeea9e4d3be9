"""A script of another form, from several files to the table, the report and the audit."""

import json
import random

import pytest
from tree import copy_project

WORDS = ["river", "stone", "lamp", "garden", "window", "table", "chair", "paper"]
LINEAR = {"title": "Words", "classifier": "linear", "linear": {"features": ["word_ngrams"]}}
CONFIG = {
    "experiment": "other",
    "corpus": {
        "csv": "scripts/*.csv",
        "separator": ";",
        "encoding": "cp1252",
        "columns": {"speaker": "Wer", "line": "Was", "extra": {"mood": "Stimmung"}},
        "scenes": "blank_rows",
        "speakers": {"normalise": "casefold", "aliases": {"zoë (leise)": "zoë"}, "drop": ["alle"]},
        "target_speaker": "Zoë",
        "top_speakers": 3,
    },
    "encoders": {"none": {"path": "none"}},
    "defaults": {"encoder": "none", "split": {"method": "group_shuffle", "group_by": "scene"}},
    "statistics": {"resamples": 100},
    "audit": {"limits": {"shared_scenes": 0}},
    "variants": {
        "words": LINEAR,
        "mood": LINEAR | {"title": "Mood", "linear": {"features": ["mood"]}},
    },
}


def scenes(rng, number):
    """The rows of an episode: twelve scenes of ten lines, with a blank row between them."""
    yield "Wer;Was;Stimmung;unused"
    for _ in range(12):
        for _ in range(10):
            who = rng.choice(["ZOË", "Zoë ", "Zoë (leise)", "BERT", "Cora", "Alle"])
            words = rng.choices(WORDS, k=5) + (["beets"] if who.startswith("Z") else [])
            yield f"{who};{' '.join(words)}.;{rng.choice(['sad', 'gay', ''])};{number}"
        yield ""


@pytest.mark.slow
def test_a_script_of_another_form_comes_to_the_table(tmp_path):
    tree = copy_project(tmp_path / "p")
    folder = tree.root / "scripts"
    folder.mkdir()
    rng = random.Random(3)
    for number in range(4):
        text = "\r\n".join(scenes(rng, number))
        (folder / f"episode_{number}.csv").write_bytes(text.encode("cp1252"))
    tree.write_config(CONFIG)
    tree.snakemake("results/summary.md results/report.html results/audit.md")
    facts = json.loads((tree.root / "data/other/corpus.json").read_text(encoding="utf-8"))
    assert set(facts["speakers"]) == {"zoë", "bert", "cora"}
    assert facts["dropped_rows"]["scene_marks"] == 4 * 11
    assert len(facts["merged_speakers"]["zoë"]) == 3
    metrics = json.loads((tree.root / "results/other/metrics/words/test.json").read_text())
    assert set(metrics["standard_error_by_unit"]) == {"row", "scene"}
    assert metrics["metrics"]["average_precision"] > 0.9
    assert "shared episodes" not in (tree.root / "results/audit.md").read_text(encoding="utf-8")
    assert "F1 by season" not in (tree.root / "results/report.html").read_text(encoding="utf-8")
    assert "Nothing to be done" in tree.dry_run("results/summary.md")
    (folder / "episode_3.csv").unlink()
    assert "read_lines other is stale: its csv_digest changed" in tree.dry_run("results/summary.md")
