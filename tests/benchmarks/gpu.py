"""The five published variants on one GPU: time, rate, memory, and where the time goes.

    python tests/benchmarks/gpu.py --csv CSV [--encoder FOLDER] [--prepare FOLDER]
    python tests/benchmarks/gpu.py --data FOLDER
    python tests/benchmarks/gpu.py --small

The models have the sizes of DistilBERT and RoBERTa base and random weights, the texts the token
ids of tokenizers of the published vocabulary sizes, trained on the CSV (`--encoder` lends its own
tokenizer to the DistilBERT variants). `--prepare` only writes this data, without weights, for a
machine on which Snakemake and the data stages' packages are not installed; `--data` reads it there.
Each training is one process of the pipeline's own train stage. At the end some trainings run side
by side on the card: a few of one variant, then all variants. `--small` is the sample with small
models, for a machine without a GPU.
"""

import json
import shutil
import subprocess
import tempfile
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import GIB, Finished, call, cores_in_use, parse, parser, publish

SIZES = {
    "distilbert": {"vocab_size": 30522, "num_hidden_layers": 6},
    "roberta": {"vocab_size": 50265, "num_hidden_layers": 12},
}
BASE = {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072}
SECTIONS = ("imports", "model load", "training", "evaluation", "saving")
CONTEXT_GIB = 0.75


class Sections:
    """Seconds by section; those of a section within another count for the inner one alone."""

    def __init__(self):
        self.seconds = dict.fromkeys(SECTIONS, 0.0)
        self.open: list[float] = []

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        """Count the seconds of the body."""
        started = time.perf_counter()
        self.open.append(0.0)
        try:
            yield
        finally:
            seconds = time.perf_counter() - started
            self.seconds[name] += seconds - self.open.pop()
            if self.open:
                self.open[-1] += seconds

    def watch(self, owner: type, method: str, name: str) -> None:
        """Count what `owner.method` takes from now on."""
        original: Callable = getattr(owner, method)

        def watched(*arguments: Any, **keywords: Any) -> Any:
            with self.section(name):
                return original(*arguments, **keywords)

        is_bound = getattr(original, "__self__", None) is not None
        setattr(owner, method, staticmethod(watched) if is_bound else watched)


def train_variant(
    data: str, variant: str, encoder: str, work: str, seed: int, epochs: float | None
) -> dict[str, Any]:
    """Train one model through the pipeline's train stage and say what it took, by section."""
    started = time.perf_counter()
    sections = Sections()
    with sections.section("imports"):
        import torch
        import train_model
        from transformers import AutoModelForSequenceClassification, PreTrainedModel, Trainer
    sections.watch(AutoModelForSequenceClassification, "from_pretrained", "model load")
    sections.watch(Trainer, "train", "training")
    sections.watch(Trainer, "evaluate", "evaluation")
    sections.watch(Trainer, "save_model", "saving")
    sections.watch(PreTrainedModel, "save_pretrained", "saving")
    settings = json.loads(Path(data, "settings.json").read_text(encoding="utf-8"))[variant]
    if epochs is not None:
        settings["training"]["num_train_epochs"] = epochs
    model = Path(work, f"{variant}_{seed}")
    train_model.main(
        tokenized=str(Path(data, "tokenized", variant)),
        encoder=encoder,
        model=str(model),
        store=str(Path(work, "store", model.name)),
        code="benchmark",
        **settings | {"seed": seed},
    )
    record = json.loads((model / "training.json").read_text(encoding="utf-8"))
    rest = time.perf_counter() - started - sum(sections.seconds.values())
    on_gpu = torch.cuda.is_available()
    return {
        "sections": sections.seconds | {"rest": rest},
        "training": settings["training"] | {"precision": record["precision"]},
        "reserved_bytes": torch.cuda.max_memory_reserved() if on_gpu else None,
    }


def build_encoder(config: str, target: str, seed: int = 42) -> int:
    """An encoder folder with random weights beside the config's tokenizer; returns its weights."""
    from transformers import AutoConfig, AutoModel, set_seed

    from whosaid.caching.manifest import write_manifest

    set_seed(seed)
    shutil.copytree(config, target)
    model = AutoModel.from_config(AutoConfig.from_pretrained(config))
    model.save_pretrained(target)
    write_manifest(Path(target))
    return sum(weights.numel() for weights in model.parameters())


def memory_to_ask_for(
    parameters: int, config: dict[str, Any], training: dict[str, Any], longest: int
) -> float:
    """An upper estimate, in GiB, of the GPU memory of one training.

    Weights, gradients and AdamW's two moments are float32, and autocast keeps a copy of the
    weights in half of that: 18 bytes a weight. A layer keeps 34 bytes per token and hidden unit
    and, without fused attention, 5 per head and pair of tokens, of 16 bits each (Korthikanti et
    al. 2022, Reducing activation recomputation in large transformer models, equation 1); twice
    that in float32. With activation checkpointing all layers but one keep their input alone.
    """
    layers, hidden, heads = (
        config[names[0]] if names[0] in config else config[names[1]]
        for names in (
            ("num_hidden_layers", "n_layers"),
            ("hidden_size", "dim"),
            ("num_attention_heads", "n_heads"),
        )
    )
    tokens = training["per_device_train_batch_size"] * longest
    layer = tokens * (34 * hidden + 5 * heads * longest)
    kept = layer * layers
    if training["activation_checkpointing"]:
        kept = layer + layers * tokens * 2 * hidden
    width = 1 if training["precision"] == "bfloat16" else 2
    return (18 * parameters + kept * width) / GIB + CONTEXT_GIB


def write_base_config(folder: str, architecture: str) -> None:
    """Give an encoder folder the published config, whatever the size of its vocabulary."""
    from transformers import AutoConfig, AutoTokenizer, DistilBertConfig

    path = Path(folder)
    if architecture == "distilbert":
        config = DistilBertConfig()
    else:
        config = AutoConfig.from_pretrained(path)
    size = len(AutoTokenizer.from_pretrained(path))
    config.vocab_size = max(size, SIZES[architecture]["vocab_size"])
    config.save_pretrained(path)


def prepare(folder: Path, options: Namespace) -> None:
    """Write token ids, tokenizers, configs and settings of all variants into `folder`."""
    from project import make_tree

    from whosaid.config import stage_settings

    if options.csv is None and not options.small:
        raise SystemExit("gpu.py needs --csv, --data or --small")
    changes: dict[str, Any] = {}
    if not options.small:
        scratch = {name: {"architecture": name, **BASE, **size} for name, size in SIZES.items()}
        sources = {name: {"path": None, "scratch": shape} for name, shape in scratch.items()}
        if options.encoder is not None:
            del sources["distilbert"]
        changes = {"encoders": sources}
    with tempfile.TemporaryDirectory() as temporary:
        csv, encoder = (None, None) if options.small else (options.csv, options.encoder)
        tree = make_tree(Path(temporary, "project"), csv, encoder, changes)
        variants = tree.encoder_variants()
        tree.snakemake(*(f"{tree.tokenized(name)}/manifest.json" for name in variants))
        for variant in variants:
            shutil.copytree(tree.root / tree.tokenized(variant), folder / "tokenized" / variant)
        for name in {spec.encoder for spec in variants.values()}:
            source = tree.root / "data" / tree.config.experiment / "encoders" / name
            leave = shutil.ignore_patterns("model.safetensors", "manifest.json", ".snakemake*")
            shutil.copytree(source, folder / "encoders" / name, ignore=leave)
            if not options.small:
                place = str(folder / "encoders" / name)
                call("gpu:write_base_config", folder=place, architecture=name)
        chosen = {
            name: stage_settings.train_model(tree.config, variant=name, seed="42")
            for name in variants
        }
        text = json.dumps(chosen)
        (folder / "settings.json").write_text(text, encoding="utf-8")
        encoders = {name: spec.encoder for name, spec in variants.items()}
        (folder / "encoders.json").write_text(json.dumps(encoders), encoding="utf-8")


def gpu_memory_in_use() -> float | None:
    """GiB in use on the first GPU by all processes; None where there is none."""
    if shutil.which("nvidia-smi") is None:
        return None
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "-i", "0"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(printed.split()[0]) * 2**20 / GIB


@dataclass(frozen=True)
class Card:
    """What the trainings share: the prepared data, the encoders, a folder for what they make."""

    data: Path
    work: Path
    epochs: float | None
    encoder_of: dict[str, str]
    parameters: dict[str, int]

    def encoder(self, variant: str) -> str:
        """The folder of a variant's encoder."""
        return str(self.work / "encoders" / self.encoder_of[variant])

    def train(self, variant: str, work: str, seed: int = 42, cores: int | None = None) -> Finished:
        """Train one model in a process of its own."""
        return call(
            "gpu:train_variant",
            cores=cores,
            data=str(self.data),
            variant=variant,
            encoder=self.encoder(variant),
            work=str(self.work / work),
            seed=seed,
            epochs=self.epochs,
        )


def set_up(data: Path, work: Path, epochs: float | None) -> Card:
    """Draw the weights of the prepared encoders."""
    encoder_of = json.loads((data / "encoders.json").read_text(encoding="utf-8"))
    parameters = {}
    for name in sorted(set(encoder_of.values())):
        folders = {"config": data / "encoders" / name, "target": work / "encoders" / name}
        texts = {role: str(folder) for role, folder in folders.items()}
        parameters[name] = call("gpu:build_encoder", **texts).result
    return Card(data, work, epochs, encoder_of, parameters)


def measure_variant(
    card: Card, variant: str, rates: dict[str, float], batches: int
) -> dict[str, Any]:
    """One row of the table: a training of the stage beside the rate of training as published."""
    tokenized, encoder = str(card.data / "tokenized" / variant), card.encoder(variant)
    work = call("floor:arithmetic", tokenized=tokenized, encoder=encoder).result
    run = card.train(variant, "in_turn")
    training = run.result["training"]
    reference = call(
        "published:time_training",
        tokenized=tokenized,
        encoder=encoder,
        training=training,
        batches=batches,
    )
    config = json.loads(Path(encoder, "config.json").read_text(encoding="utf-8"))
    parameters = card.parameters[card.encoder_of[variant]]
    asked = memory_to_ask_for(parameters, config, training, work["train_longest"])
    seconds = run.result["sections"]["training"] / training["num_train_epochs"]
    reserved = run.result["reserved_bytes"]
    return {
        "variant": variant,
        "seconds": run.seconds,
        **run.result["sections"],
        "rows/s": work["train_rows"] / seconds,
        "published rows/s": reference.result["training_rows_per_second"],
        "share of floor": work["train_gflop"] / seconds / rates[training["precision"]],
        "GiB asked for": asked,
        "GiB reserved": None if reserved is None else reserved / GIB,
        "process GiB": run.peak_bytes / GIB,
    }


def measure_at_once(card: Card, what: str, models: list[tuple[str, int]]) -> dict[str, Any]:
    """One row of the second table: trainings of these variants and seeds, all at once."""
    count = len(models)
    peaks: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.3):
            used = gpu_memory_in_use()
            if used is None:
                return
            peaks.append(used)

    def train(model: tuple[str, int]) -> Finished:
        variant, seed = model
        cores = max(1, len(cores_in_use()) // count)
        return card.train(variant, f"at_once/{what}", seed, cores)

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.perf_counter()
    try:
        with ThreadPoolExecutor(count) as pool:
            runs = list(pool.map(train, models))
    finally:
        ended.set()
    seconds = time.perf_counter() - started
    watcher.join()
    return {
        "at once": what,
        "trainings": count,
        "seconds": seconds,
        "models an hour": 3600 * count / seconds,
        "GPU GiB in use": max(peaks, default=None),
        "process GiB": sum(run.peak_bytes for run in runs) / GIB,
    }


def main(arguments: list[str] | None = None) -> None:
    """Print the tables and write gpu_at_once.json and gpu.json."""
    options = parser(__doc__)
    options.add_argument("--small", action="store_true", help="the sample and small models")
    options.add_argument("--prepare", type=Path, help="only write the data into this new folder")
    options.add_argument("--data", type=Path, help="a folder that --prepare wrote")
    options.add_argument("--variants", nargs="+", help="all by default")
    options.add_argument("--epochs", type=float, help="as published by default; one with --small")
    options.add_argument("--batches", type=int, default=40, help="timed batches of the reference")
    options.add_argument("--at-once", type=int, nargs="*", default=[1, 2, 4])
    options = parse(options, arguments)
    if options.prepare is not None:
        prepare(options.prepare, options)
        return
    with tempfile.TemporaryDirectory() as temporary:
        data = options.data or Path(temporary, "data")
        if options.data is None:
            prepare(data, options)
        card = set_up(data, Path(temporary), options.epochs or (1 if options.small else None))
        variants = options.variants or list(card.encoder_of)
        rates = call("floor:matrix_rates", size=1024 if options.small else None).result
        rows = []
        for name in variants:
            rows.append(measure_variant(card, name, rates, options.batches))
            # A machine that is lent for minutes may be taken back before the tables are written.
            print(json.dumps(rows[-1]), flush=True)
        first = variants[0]
        sides = {
            f"{count} x {first}": [(first, seed) for seed in range(count)]
            for count in options.at_once
        }
        if options.at_once and len(variants) > 1:
            sides["all variants"] = [(name, 42) for name in variants]
        at_once = [measure_at_once(card, what, models) for what, models in sides.items()]
    if at_once:
        publish("gpu_at_once", at_once, options)
    total = sum(row["seconds"] for row in rows)
    publish("gpu", rows, options, matrix_gflops=rates, total_seconds=total)


if __name__ == "__main__":
    main()
