"""What runs for real: `verify` and `repair`, and trainings that the model store saves.

The plans of `test_change_matrix.py` say what is stale; here the jobs run.
"""

import hashlib
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from addresses import unaddressed
from configs import TINY
from disturbance import METRICS, MODEL
from edits import (
    append,
    backdated,
    cases,
    edit_all,
    read_rows,
    remove,
    set_cell,
    set_key,
    truncate,
    write_rows,
)
from job_lists import NOTHING, TABLE, evaluated, resampled, split, trained
from tree import CSV, PROJECT, Jobs, Tree, copy_project

from whosaid.jobs.profile_check import CONSEQUENCES

pytestmark = pytest.mark.slow

TINY_ROWS = 400


# The small, undisturbed run of `disturbance`


@pytest.fixture
def small(reference, tmp_path) -> Tree:
    """A copy of the finished reference that a test may change."""
    return Tree(reference).copy(tmp_path / "small")


def test_the_plain_command_makes_everything_once(reference):
    printed = (reference.parent / "printed").read_text(encoding="utf-8")
    rules = re.findall(r"^(?:local)?rule (\w+):", printed, re.M)
    assert sorted(set(rules)) == sorted(
        {
            *("read_lines", "split_lines", "build_encoder", "tokenize_splits", "train_model"),
            *("predict_splits", "train_linear", "evaluate_splits", "compare_variants"),
            *("evaluate_slices", "draw_figures", "summarize", "write_report", "all"),
            *("weigh_words", "write_errors_page"),
            *("audit_splits", "pass_audit", "summarize_audit", "describe_corpus"),
            "inspect_tokens",
        }
    )
    assert len(re.findall(r"epoch \d of 3: accuracy", printed)) == 2 * 3
    assert not re.search(r"\d+/\d+ \[\d\d:\d\d<", printed), "a progress bar off a terminal"
    assert Tree(reference).plan() == NOTHING
    pages = "results/report.html results/tiny/errors.html results/audit.md"
    assert Tree(reference).plan(pages) == NOTHING
    assert unaddressed(reference) == []


MEASURED = {
    path.stem
    for path in (PROJECT / "workflow" / "rules").glob("*.smk")
    if "\n    benchmark:\n" in path.read_text(encoding="utf-8")
}


# The reference asks for no ensemble and no new lines.
@pytest.mark.parametrize("rule", sorted(MEASURED - {"combine_predictions", "predict_new_lines"}))
def test_time_and_memory_of_the_heavy_jobs_are_logged(rule, reference):
    logged = [*(reference / "results" / "logs" / rule).rglob("*.jsonl")]
    assert logged
    for path in logged:
        [line] = path.read_text().splitlines()
        measured = json.loads(line)
        assert measured["s"] > 0
        if rule == "train_model":  # others may be too short
            assert measured["max_rss"] > 100  # MiB; PyTorch alone takes more


def test_the_page_says_of_each_model_how_it_was_made(reference):
    page = (reference / "results" / "report.html").read_text(encoding="utf-8")
    models = page.partition('<h2 id="the-models">')[2].partition("</table>")[0]
    rows = [re.findall("<td[^>]*>(.*?)</td>", row) for row in models.split("<tr>")[2:]]
    assert [row[:2] for row in rows] == [[name, "42"] for name in ("basic", "grouped", "floor")]
    assert [bool(re.fullmatch(r"[123] of 3 \(.*\)", row[5])) for row in rows] == [True, True, False]
    stages = page.partition('<h3 id="the-stages">')[2].partition("</table>")[0]
    jobs = dict(re.findall(r"<td[^>]*>(\w+)</td>\s*<td[^>]*>(\d+)</td>", stages))
    assert (jobs["read_lines"], jobs["train_model"], jobs["train_linear"]) == ("1", "2", "1")


def test_snakemakes_own_report_holds_the_figures_and_the_tables(small):
    """It needs no network: what it is made of comes with the installed Snakemake."""
    small.snakemake("--report held.zip results/report.html")
    with zipfile.ZipFile(small.root / "held.zip") as held:
        names = {name.rpartition("/")[2] for name in held.namelist()}
    figures = {path.name for path in (small.root / "results/tiny/figures").iterdir()}
    assert figures <= names
    assert {"report.html", "summary.md", "audit.md"} <= names
    assert small.plan("results/report.html") == NOTHING


def predicted_again(rule: str, variant: str) -> Jobs:
    return sorted([(rule, variant, "42"), *resampled(variant)])


WEIGHTS = f"{MODEL}/model.safetensors"
TRAIN_ROWS = "data/tiny/splits/basic/train.parquet"
SUMMARY = "results/summary.md"

# The damage, what `verify` says of it, and the jobs after `repair`.
DAMAGED = {
    "weights cut short": (
        truncate(WEIGHTS),
        f"{WEIGHTS} was changed or cut short",
        sorted([("train_model", "basic", "42"), *predicted_again("predict_splits", "basic")]),
    ),
    "model folder deleted": (
        remove("data/tiny/models/grouped/seed_42"),
        "data/tiny/models/grouped/seed_42/model.safetensors is missing",
        sorted([("train_model", "grouped", "42"), *predicted_again("predict_splits", "grouped")]),
    ),
    "predictions deleted": (
        remove("results/tiny/predictions/floor"),
        "results/tiny/predictions/floor/seed_42/test.parquet is missing",
        predicted_again("train_linear", "floor"),
    ),
    "split changed, with an old time": (
        backdated(TRAIN_ROWS, append(TRAIN_ROWS, "more")),
        f"{TRAIN_ROWS} was changed or cut short",
        split("basic", seeds=(42,)),
    ),
    "metrics edited by hand, with an old time": (
        backdated(METRICS[1], append(METRICS[1], "\n")),
        f"{METRICS[1]} was changed or cut short",
        evaluated("basic"),
    ),
    "figure deleted": (
        remove("results/tiny/figures/forest.svg"),
        "results/tiny/figures/forest.svg is missing",
        [("draw_figures",), *TABLE],
    ),
    "summary deleted": (remove(SUMMARY), f"{SUMMARY} is missing", TABLE),
}
# Not both a model's and its variant's split, whose jobs hide the model's.
AT_ONCE = ("weights cut short", "predictions deleted", "metrics edited by hand, with an old time")


def assert_repaired(tree: Tree, sentences: set[str], jobs: Jobs) -> None:
    """Verify that the tree is damaged in the ways that the sentences say; repair and plan."""
    code, printed = tree.try_snakemake("verify")
    assert code == 1, printed
    found = {line for line in printed.splitlines() if line in sentences}
    assert found == sentences, printed
    assert re.search(
        r"^verify: \d+ outputs are damaged; `snakemake --cores 1 repair`", printed, re.M
    )
    assert "Traceback" not in printed
    tree.snakemake("repair")
    assert tree.plan() == jobs


def test_verify_lists_every_damage_at_once_and_repair_makes_room(small):
    damages = [DAMAGED[name] for name in AT_ONCE]
    edit_all(*(damage for damage, _, _ in damages))(small)
    jobs = sorted({job for _, _, of_damage in damages for job in of_damage})
    assert_repaired(small, {sentence for _, sentence, _ in damages}, jobs)


@pytest.mark.parametrize(("damage", "sentence", "jobs"), cases(DAMAGED))
def test_verify_names_a_damage_and_repair_makes_room(small, damage, sentence, jobs):
    damage(small)
    assert_repaired(small, {sentence}, jobs)


def test_verify_finds_no_fault_in_a_finished_run(small):
    for _ in range(2):
        assert "every output is complete" in small.snakemake("verify")
    assert "every output is complete" in small.snakemake("repair")
    assert small.plan() == NOTHING


# A tiny tree: one variant of few lines, with a local encoder


@pytest.fixture(scope="session")
def tiny_run(reference, once) -> Tree:
    """A finished run of one tiny variant. For reading only."""

    def fill(folder: Path) -> None:
        tree = copy_project(folder)
        header, rows = read_rows(tree)
        write_rows(tree, header, rows[:TINY_ROWS])
        tree.write_config(TINY)
        shutil.copytree(reference / "encoder", folder / "encoder")
        tree.snakemake()

    return Tree(once("tiny_run", fill))


@pytest.fixture
def tiny(tiny_run, tmp_path) -> Tree:
    """A copy of the tiny tree that a test may change."""
    return tiny_run.copy(tmp_path / "tiny")


def model_of(variant: str, experiment: str = "tiny") -> str:
    return f"data/{experiment}/models/{variant}/seed_42"


PLAIN = model_of("plain")


def outcome(printed: str) -> str:
    """Whether the one model of a run was `found` in the store or `trained`."""
    is_found, is_trained = "trained before: taken from" in printed, "epoch 1 of 1" in printed
    assert is_found != is_trained, printed
    return "found" if is_found else "trained"


def train(tree: Tree, variant: str) -> str:
    """Run what leads to one model, for real; return whether it was `found` or `trained`."""
    return outcome(tree.snakemake(f"{model_of(variant)}/training.json"))


def content(tree: Tree, folder: str) -> dict[str, str]:
    """The digest of every file in a folder, Snakemake's own time stamp apart."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (tree.root / folder).iterdir()
        if path.name != ".snakemake_timestamp"
    }


def test_a_line_that_no_variant_uses_trains_nothing(tiny):
    before = content(tiny, PLAIN)
    set_cell("bea", "line", "Nobody counts my lines.")(tiny)
    assert tiny.plan() == sorted([("read_lines",), *split("plain", seeds=(42,))])
    assert train(tiny, "plain") == "found"
    assert content(tiny, PLAIN) == before
    # The model came out the same, so its predictions are fresh. Metrics, comparison and slices read
    # all lines, for their units.
    assert tiny.plan() == resampled("plain")


def test_settings_changed_and_changed_back_are_trained_once(tiny):
    before = content(tiny, PLAIN)
    set_key("defaults.training.learning_rate", 2e-3)(tiny)
    assert train(tiny, "plain") == "trained"
    assert content(tiny, PLAIN) != before
    set_key("defaults.training.learning_rate", 1e-3)(tiny)
    assert train(tiny, "plain") == "found"
    assert content(tiny, PLAIN) == before
    assert tiny.plan() == NOTHING


def moved(tree: Tree) -> Tree:
    """The tree without Snakemake's memory, as when `data` and `results` go to another clone."""
    tree.remove(".snakemake")
    return tree


def test_a_moved_tree_has_nothing_to_do_and_is_trained_anew_for_other_settings(tiny):
    """Without `.snakemake` there was once "Nothing to be done" for any settings."""
    before = content(tiny, PLAIN)
    assert moved(tiny).plan() == NOTHING
    set_key("defaults.training.learning_rate", 2e-3)(moved(tiny))
    assert tiny.plan() == trained("plain", seeds=(42,))
    assert "train_model tiny plain 42 is stale: its settings changed" in tiny.dry_run()
    assert outcome(tiny.snakemake()) == "trained"
    assert content(tiny, PLAIN) != before
    set_key("defaults.training.learning_rate", 1e-3)(moved(tiny))
    assert outcome(tiny.snakemake()) == "found"
    assert content(tiny, PLAIN) == before
    assert moved(tiny).plan() == NOTHING


def test_touch_accepts_other_times_but_no_other_settings(tiny):
    """`--touch` once blessed the outputs of other settings."""
    elsewhere = Tree(tiny.root.parent / "elsewhere")
    # `cp -r` gives every file a new time, in whatever order the files come.
    assert tiny.run(f"cp -r . {elsewhere.root}").returncode == 0
    moved(elsewhere).snakemake("--touch")
    assert elsewhere.plan() == NOTHING
    set_key("defaults.training.learning_rate", 2e-3)(elsewhere)
    elsewhere.snakemake("--touch")
    assert elsewhere.plan() == trained("plain", seeds=(42,))
    set_key("defaults.training.learning_rate", 1e-3)(elsewhere)
    elsewhere.snakemake("--touch")
    assert elsewhere.plan() == NOTHING


def test_a_plain_run_makes_again_what_is_lost_or_cut_short(tiny):
    before = content(tiny, PLAIN), content(tiny, "data/tiny/splits/plain")
    truncate(f"{PLAIN}/model.safetensors")(tiny)
    remove("data/tiny/splits/plain/valid.parquet")(tiny)
    assert outcome(tiny.snakemake(SUMMARY)) == "found"
    assert (content(tiny, PLAIN), content(tiny, "data/tiny/splits/plain")) == before
    assert tiny.plan() == NOTHING
    assert "every output is complete" in tiny.snakemake("verify")


def test_outputs_without_a_record_are_told_of(tiny):
    remove("results/logs")(tiny)
    said = re.findall(r"^.*left no record.*$", tiny.dry_run(), re.M)
    assert len(said) == 1, said
    code, printed = tiny.try_snakemake("verify")
    assert code == 1
    assert "nothing was checked" in printed


def test_a_profile_that_replaces_the_default_one_is_told_what_it_lacks(tiny):
    assert "profile of this run lacks" not in tiny.snakemake("--forcerun summarize")
    printed = tiny.snakemake("--forcerun summarize --workflow-profile none")
    [line] = re.findall(r"^the profile of this run lacks .*$", printed, re.M)
    for key in CONSEQUENCES:
        assert key in line


def test_a_second_variant_of_the_same_recipe_is_not_trained(tiny):
    set_key("variants.twin", {"title": "Twin"})(tiny)
    assert train(tiny, "twin") == "found"
    assert content(tiny, model_of("twin")) == content(tiny, PLAIN)


def test_another_experiment_and_back_trains_nothing_and_rebuilds_the_table(tiny):
    summary = tiny.root / SUMMARY
    before = summary.read_text(encoding="utf-8")

    set_key("experiment", "other")(tiny)
    assert outcome(tiny.snakemake()) == "found"
    assert content(tiny, model_of("plain", "other")) == content(tiny, PLAIN)
    assert summary.read_text(encoding="utf-8").startswith("# other")

    set_key("experiment", "tiny")(tiny)
    assert tiny.plan() == TABLE
    tiny.snakemake()
    assert summary.read_text(encoding="utf-8") == before
    assert tiny.plan() == NOTHING

    set_key("experiment", "other")(tiny)
    assert tiny.plan() == TABLE


def test_pruning_the_store_deletes_what_no_model_was_taken_from(tiny):
    set_key("variants.floor", {"classifier": "linear"})(tiny)
    tiny.snakemake()
    store = tiny.root / "data" / "model_store"
    (used,) = store.iterdir()
    shutil.copytree(used, store / ("0" * 32))
    assert "1 deleted" in tiny.snakemake("prune_store")
    assert list(store.iterdir()) == [used]
    assert tiny.plan() == NOTHING


def test_what_the_config_no_longer_asks_for_is_listed_and_deleted(tiny):
    def outputs():
        folders = [tiny.root / name / "tiny" for name in ("data", "results")]
        return {str(path) for folder in folders for path in folder.rglob("*")}

    tiny.snakemake("results/audit.md")
    before = outputs()
    set_key("variants.floor", {"classifier": "linear"})(tiny)
    set_key("variants.plain.training.seeds", [42, 7])(tiny)
    tiny.snakemake("all results/audit.md")
    extra = outputs() - before
    tiny.write_config(TINY)
    tiny.snakemake("all results/audit.md")
    assert "not asked for: data/tiny/models/floor" in tiny.snakemake("list_unused")
    assert extra <= outputs()
    assert "deleted data/tiny/models/plain/seed_7" in tiny.snakemake("prune_outputs")
    assert not extra & outputs()
    assert "0 outputs" in tiny.snakemake("list_unused")
    assert tiny.plan() == NOTHING


def test_repair_takes_the_model_from_the_store_and_leaves_nothing_to_do(tiny):
    before = content(tiny, PLAIN)
    truncate(f"{PLAIN}/model.safetensors")(tiny)
    remove("results/tiny/metrics/plain/valid.json")(tiny)
    tiny.snakemake("repair")
    assert not (tiny.root / PLAIN).exists()
    assert outcome(tiny.snakemake()) == "found"
    assert content(tiny, PLAIN) == before
    assert tiny.plan() == NOTHING
    assert "every output is complete" in tiny.snakemake("verify")


def test_a_deleted_store_makes_nothing_stale_and_is_filled_again(tiny):
    before = content(tiny, PLAIN)
    remove("data/model_store")(tiny)
    assert tiny.plan() == NOTHING
    assert "0 deleted" in tiny.snakemake("prune_store")
    truncate(f"{PLAIN}/model.safetensors")(tiny)
    tiny.snakemake("repair")
    assert outcome(tiny.snakemake()) == "trained"
    assert content(tiny, PLAIN)["model.safetensors"] == before["model.safetensors"]
    assert len(list((tiny.root / "data" / "model_store").iterdir())) == 1


def test_after_a_reset_the_model_is_found_again_and_the_csv_is_as_it_was(tiny):
    before = content(tiny, PLAIN)
    shipped = (tiny.root / CSV).read_bytes()
    assert tiny.run("rm -rf data/tiny results").returncode == 0
    assert outcome(tiny.snakemake()) == "found"
    assert content(tiny, PLAIN) == before
    assert (tiny.root / CSV).read_bytes() == shipped
    assert tiny.plan() == NOTHING


def test_a_terminal_is_shown_a_progress_bar(tiny):
    set_key("defaults.training.learning_rate", 2e-3)(tiny)
    command = f"stty rows 40 cols 120; snakemake --cores 2 {PLAIN}/training.json"
    run = tiny.run(f"script -qec '{command}' /dev/null", TERM="xterm")
    assert run.returncode == 0, run.stdout
    assert re.search(r"0/1.*0:00:\d\d.*train_model plain 42", run.stdout), run.stdout
    assert re.search(r"\[1/1\] train_model plain 42 .* s  epoch 1 of 1: accuracy", run.stdout)


def test_a_run_prints_one_line_for_a_job(tiny):
    """A run of 69 jobs once printed 1,600 lines, most of them paths."""
    set_key("defaults.training.learning_rate", 2e-3)(tiny)
    jobs = len(tiny.plan("results/summary.md"))
    run = tiny.run("snakemake --cores 2 results/summary.md 2>&1")
    assert run.returncode == 0, run.stdout
    told, _, table = run.stdout.partition("which lines are")
    assert len(told.splitlines()) < jobs + 8, run.stdout
    assert "better or worse than" in table
    # That one names variables of whoever runs the tests.
    lines = [line for line in run.stdout.splitlines() if not line.startswith("jobs do not inherit")]
    assert max(map(len, lines)) <= 100, run.stdout
    assert [line.split()[0] for line in table.splitlines()[-3:]] == ["table:", "report:", "took:"]


def test_a_dry_run_says_what_changed_from_what_to_what(tiny):
    set_key("defaults.training.learning_rate", 2e-3)(tiny)
    run = tiny.run("snakemake -n --cores 2 2>&1")
    assert run.returncode == 0, run.stdout
    changed = "train_model, 1 job: its settings changed: training.learning_rate 0.001 -> 0.002"
    assert changed in run.stdout
