"""The parts of the benchmark suite at their smallest size. No time is asserted."""

import csv
import importlib
import json
import math
import signal
import sys
import time
from argparse import Namespace

import dry_run
import errors_page
import floor
import growth
import measure
import overhead
import pandas as pd
import psutil
import published
import published_data
import pytest
import run_classification
import scheduling
import training as training_benchmark
from browser import CHROMIUM, DRIVER
from datasets import load_from_disk
from gpu import Sections, build_encoder, memory_to_ask_for
from project import SAMPLE, make_tree
from transformers import AutoConfig, AutoTokenizer

from whosaid.config.recipe_section import Resample

pytestmark = pytest.mark.slow

TINY = {"hidden_size": 16, "num_hidden_layers": 1, "intermediate_size": 32, "vocab_size": 400}


def assert_finite_and_positive(row):
    for name, value in row.items():
        if isinstance(value, int | float):
            assert math.isfinite(value), name
            assert value > 0, name


@pytest.fixture(autouse=True)
def signal_handlers():
    """Benchmarks and training take these signals for themselves; here they are pytest's."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The sample's first variant with a tiny encoder, tokenized."""
    encoders = {name: {"scratch": TINY} for name in ("distilbert", "roberta")}
    left_out = ("basic_roberta", "rebalanced_distilbert", "low_cutoff_distilbert")
    changes = {"encoders": encoders, "variants": dict.fromkeys(left_out)}
    tree = make_tree(tmp_path_factory.mktemp("tree") / "project", changes=changes)
    training_benchmark.prepare(tree, ["basic_distilbert"])
    return tree


@pytest.fixture(scope="module")
def padded(tokenized):
    rows = load_from_disk(tokenized["roberta"])["train"]
    tokenizer = AutoTokenizer.from_pretrained(tokenized["roberta"] / "tokenizer")
    return rows, tokenizer, published.padded(rows, tokenizer, published.longest(rows))


def test_reference_pads_every_row_to_the_longest_of_the_split(padded):
    rows, tokenizer, result = padded
    longest = max(len(ids) for ids in rows["input_ids"])
    assert min(len(ids) for ids in rows["input_ids"]) < longest
    for before, after in zip(rows, result, strict=True):
        ids, missing = before["input_ids"], longest - len(before["input_ids"])
        assert after["input_ids"].tolist() == ids + [tokenizer.pad_token_id] * missing
        assert after["attention_mask"].tolist() == [1] * len(ids) + [0] * missing
        assert after["label"] == before["label"]


def test_reference_trains_on_every_row_once_in_a_random_order(padded):
    rows, _, result = padded
    batches = list(published.training_batches(result, 32, seed=1))
    assert [len(batch["labels"]) for batch in batches] == [32] * (len(rows) // 32) + [
        len(rows) % 32
    ]
    assert {batch["input_ids"].shape[1] for batch in batches} == {published.longest(rows)}
    seen = [tuple(ids.tolist()) for batch in batches for ids in batch["input_ids"]]
    in_order = [tuple(ids.tolist()) for ids in result["input_ids"]]
    assert seen != in_order
    assert sorted(seen) == sorted(in_order)


def test_reference_decays_all_weights_but_biases_and_layer_norms(encoders, tokenized, training):
    tokenizer = AutoTokenizer.from_pretrained(tokenized["roberta"] / "tokenizer")
    model = published.load_classifier(str(encoders["roberta"]), tokenizer)
    decayed, spared = published.build_optimizer(model, training).param_groups
    assert {weight.dim() for weight in decayed["params"]} == {2}
    assert {weight.dim() for weight in spared["params"]} == {1}
    assert spared["weight_decay"] == 0 < decayed["weight_decay"]
    every = len(decayed["params"]) + len(spared["params"])
    assert every == len(list(model.parameters()))


@pytest.mark.filterwarnings("ignore:'pin_memory' argument")
@pytest.mark.parametrize("changes", [{}, {"activation_checkpointing": True}])
def test_rates_of_both_references_are_positive(changes, tokenized, encoders, training):
    folders = {"tokenized": str(tokenized["roberta"]), "encoder": str(encoders["roberta"])}
    steps = {"batches": 4, "warm_up": 1}
    chosen = training | {"gradient_accumulation_steps": 2} | changes
    assert_finite_and_positive(published.time_training(**folders, training=chosen, **steps))
    assert_finite_and_positive(run_classification.time_trainer(**folders, batch_size=4, **steps))


def test_arithmetic_of_one_layer_is_that_of_its_matrices(encoders, tokenized):
    width, inner = 16, 32
    encoder = str(encoders["distilbert"])
    weights = 4 * width * width + 2 * width * inner
    assert floor.matmul_parameters(encoder) == weights
    lengths = [len(ids) for ids in load_from_disk(tokenized["distilbert"])["test"]["input_ids"]]
    work = floor.arithmetic(str(tokenized["distilbert"]), encoder)
    # A product of (n x k) and (k x m) matrices is 2 n k m operations.
    flop = sum(2 * n * weights + 2 * (2 * n * n * width) for n in lengths)
    assert work["test_gflop"] == pytest.approx(flop / 1e9)
    assert (work["test_rows"], work["test_longest"]) == (len(lengths), max(lengths))
    assert_finite_and_positive(work | floor.matrix_rates(size=64))


def test_published_way_makes_the_splits_of_the_pipeline(tree, deal, encoders, split_settings):
    csv_file = str(tree.root / SAMPLE)
    import read_lines

    lines = tree.root / "lines.parquet"
    read_lines.main(csv_file, str(lines), str(tree.root / "corpus.json"), "dwight", 10)
    recipes = [
        {},
        {
            "split": split_settings["split"] | {"method": "pandas_per_class"},
            "resample": Resample(oversample_positives=2, undersample_negatives=0.5).model_dump(),
            "min_words": 6,
            "word_tokenizer": "preserve_line",
            "annotate": ["directed_by", "writer1"],
        },
    ]
    for changes in recipes:
        recipe = split_settings | changes
        splits = deal(lines=lines, **changes)
        expected = {
            name: len(pd.read_parquet(splits / f"{name}.parquet"))
            for name in ("train", "test", "valid")
        }
        folder = str(encoders["distilbert"])
        counts = published_data.prepare_variant(csv_file, folder, recipe | {"max_length": 64})
        assert counts == expected


@pytest.fixture
def in_process(monkeypatch):
    """Let the parts call functions here, since each process imports for seconds."""

    def call(function, **arguments):
        module, _, name = function.partition(":")
        result = getattr(importlib.import_module(module), name)(**arguments)
        return measure.Finished(seconds=1.0, peak_bytes=1, printed="", result=result)

    monkeypatch.setattr(training_benchmark, "call", call)


def test_training_part_compares_an_epoch_of_the_stage(tree, in_process):
    row = training_benchmark.compare(
        tree,
        "basic_distilbert",
        Namespace(rows=64, batches=2),
        {"float32": 1.0, "bfloat16": 1.0},
    )
    assert row["rows"] == 64
    assert {"training ratio", "stage ratio", "process ratio", "share of floor"} <= set(row)
    assert_finite_and_positive(row)


def test_overhead_part_accounts_for_every_job(tree):
    (tree.root / "data" / "demo" / "lines.parquet").unlink()
    run, jobs = overhead.timed_run(tree, "data/demo/lines.parquet")
    rows = {row["what"]: row for row in overhead.breakdown(run.seconds, jobs)}
    assert rows["read_lines"]["jobs"] == rows["the jobs"]["jobs"] == 1
    parts = ("Python's start s", "imports s", "work s")
    assert sum(rows["the jobs"][part] for part in parts) == pytest.approx(rows["the jobs"]["all s"])
    assert rows["the jobs"]["all s"] + rows["Snakemake"]["all s"] == pytest.approx(run.seconds)
    for row in rows.values():
        assert_finite_and_positive(row)


def test_grown_corpus_has_new_rows_and_varied_lines(tree, tmp_path):
    growth.grow(str(tree.root / SAMPLE), str(tmp_path / "grown.csv"), 3)
    with open(tree.root / SAMPLE, encoding="utf-8", newline="") as file:
        original = list(csv.DictReader(file))
    with open(tmp_path / "grown.csv", encoding="utf-8", newline="") as file:
        grown = list(csv.DictReader(file))
    count = len(original)
    assert grown[:count] == original
    assert len({row[""] for row in grown}) == len(grown) == 3 * count
    for old, new in zip(original * 2, grown[count:], strict=True):
        assert old["speaker"] == new["speaker"]
        words = zip(old["line"].split(" "), new["line"].split(" "), strict=True)
        assert sum(before != after for before, after in words) <= 1
    assert len({row["line"] for row in grown}) > 1.5 * len({row["line"] for row in original})


def test_a_grown_corpus_has_no_empty_line(tmp_path):
    lines = ["Yes. ", "No. "]
    rows = [f"{row},1,1,Pilot,1,Ann,{line},D,W,W,," for row, line in enumerate(lines)]
    header = (
        ",season,episode,title,scene,speaker,line,directed_by,written_by,writer1,writer2,writer3"
    )
    source, target = tmp_path / "lines.csv", tmp_path / "grown.csv"
    source.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    growth.grow(str(source), str(target), 20)
    with open(target, encoding="utf-8", newline="") as file:
        assert all(row["line"].strip() for row in csv.DictReader(file))


def test_what_trains_an_encoder_leaves_out_the_linear_baselines(tree):
    assert "tfidf" in tree.config.variants
    assert list(tree.encoder_variants()) == ["basic_distilbert", "augmented_vocab_distilbert"]


def test_growth_part_names_a_file_for_every_stage(tree):
    assert list(growth.steps_of(tree)) == [
        "read_lines",
        "split_lines, datasets_stratified",
        "split_lines, pandas_per_class, annotated",
        "tokenize_splits",
    ]


def test_dry_run_part_prints_and_writes_a_table(tmp_path, capsys):
    dry_run.main(["--variants", "1", "--repeats", "1", "--output", str(tmp_path)])
    content = json.loads((tmp_path / "dry_run.json").read_text())
    printed = capsys.readouterr().out
    assert len(content["rows"]) == 2
    for row in content["rows"]:
        assert_finite_and_positive(row)
        assert row["what"] in printed
    assert {"cpu", "cores_in_use", "versions"} <= set(content["machine"])


def test_a_call_answers_from_another_process():
    run = measure.call("measure:machine_facts", cores=1)
    assert run.result["cores_in_use"] == 1
    assert run.result["python"] == measure.machine_facts()["python"]
    assert run.seconds > 0


def test_a_failed_process_says_what_it_printed():
    with pytest.raises(RuntimeError, match="No module named 'nowhere'"):
        measure.call("nowhere:function")


def test_an_interrupted_benchmark_leaves_no_process_behind(tmp_path, monkeypatch):
    def interrupt(process):
        while not (tmp_path / "started").exists():
            time.sleep(0.01)
        monkeypatch.undo()
        raise KeyboardInterrupt

    code = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
    monkeypatch.setattr(measure.subprocess.Popen, "wait", interrupt)
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(KeyboardInterrupt):
        measure.run_process([sys.executable, "-c", code, str(tmp_path / "started")])
    assert set(psutil.Process().children(recursive=True)) <= before


def test_memory_of_a_process_includes_its_children(tmp_path):
    script = "import time; block = bytearray(200 * 2**20); time.sleep(0.6)"
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {script!r}])"
    run = measure.run_process([sys.executable, "-c", inner])
    assert 200 * 2**20 < run.peak_bytes < 400 * 2**20


def test_sections_within_sections_are_counted_once():
    sections = Sections()

    class Worker:
        def outer(self):
            time.sleep(0.02)
            return self.inner()

        def inner(self):
            time.sleep(0.05)
            return "done"

        @classmethod
        def load(cls, name):
            return cls.__name__, name

    sections.watch(Worker, "outer", "training")
    sections.watch(Worker, "inner", "evaluation")
    sections.watch(Worker, "load", "model load")
    started = time.perf_counter()
    assert Worker().outer() == "done"
    assert Worker.load("x") == ("Worker", "x")
    total = time.perf_counter() - started
    assert sections.seconds["evaluation"] >= 0.05
    assert sections.seconds["training"] >= 0.02
    assert sum(sections.seconds.values()) <= total


@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Debian's chromium-driver")
def test_the_page_of_errors_is_measured(tmp_path):
    errors_page.main(["--rows", "700", "--repeats", "1", "--output", str(tmp_path)])
    [row] = json.loads((tmp_path / "errors_page.json").read_text())["rows"]
    assert_finite_and_positive(row)


def test_encoder_of_random_weights_can_be_trained(encoders, tokenized, training, tmp_path):
    parameters = build_encoder(str(encoders["roberta"]), str(tmp_path / "encoder"))
    config = AutoConfig.from_pretrained(tmp_path / "encoder").to_dict()
    short, long = (
        memory_to_ask_for(parameters, config, training, longest) for longest in (64, 512)
    )
    spared = memory_to_ask_for(
        parameters, config, training | {"activation_checkpointing": True}, 512
    )
    assert 0 < short < long
    assert spared <= long * 1.01
    rates = published.time_training(
        str(tokenized["roberta"]), str(tmp_path / "encoder"), training, batches=1, warm_up=1
    )
    assert_finite_and_positive(rates)


def test_shares_of_busy_cores_are_those_of_the_time_that_jobs_hold_them():
    jobs = [(10.0, 14.0, 1), (12.0, 20.0, 2)]
    assert scheduling.busy_shares(jobs, cores=4, parts=1) == [pytest.approx(20 / 40)]
    assert scheduling.busy_shares(jobs, cores=4, parts=2) == pytest.approx([10 / 20, 10 / 20])
    assert scheduling.clipped([*jobs, (0.0, 3.0, 1)], [(11.0, 13.0, 1)]) == [
        (11.0, 13.0, 1),
        (12.0, 13.0, 2),
    ]
