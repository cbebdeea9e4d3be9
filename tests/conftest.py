"""A small corpus, two tiny encoders and what the real stages make of them."""

import csv
import os
import random
import signal
from pathlib import Path

# The libraries read these when they are imported, so they stand before any of them.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
# Two workers with two threads each are three times slower on two cores: the models are tiny.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from whosaid.jobs.inherited_variables import drop_variables

drop_variables()

HEADER = ["", "season", "episode", "title", "scene", "speaker", "line", "directed_by"]
HEADER += ["written_by", "writer1", "writer2", "writer3"]

# 360 lines of the ten most frequent speakers, a sixth of them the target's; ten lines of two more.
LINES_OF = {"michael": 75, "dwight": 60, "jim": 55, "pam": 45, "andy": 35, "kevin": 25}
LINES_OF |= {"angela": 20, "oscar": 18, "erin": 15, "ryan": 12, "creed": 6, "stanley": 4}

DIRECTORS = ["Ken Kwapis", "Greg Daniels", "Zoë Ibáñez"]
WRITERS = ["Mindy Kaling", "Greg Daniels", "Ricky Gervais", "Larry Wilmore"]

TARGET_WORDS = ["beets", "bears", "farm", "sheriff", "weapons", "schrute", "mose", "karate"]
OTHER_WORDS = ["paper", "party", "office", "coffee", "sales", "phone", "lunch", "café"]
SHORT_LINES = ["Yes.", "No.", "What?", "Okay then, fine.", "None", "Thank you so much."]


def corpus_rows():
    rng = random.Random(5)
    speakers = [name for name, count in LINES_OF.items() for _ in range(count)]
    rng.shuffle(speakers)
    for number, speaker in enumerate(speakers):
        words = TARGET_WORDS if speaker == "dwight" else OTHER_WORDS
        line = f"I {rng.choice(['like', 'fear', 'need'])} my {' and '.join(rng.sample(words, 3))}."
        if rng.random() < 0.15:
            line = rng.choice(SHORT_LINES)
        scene = number // 10
        writers = rng.sample(WRITERS, 1 + scene % 2)
        yield [
            # The index has gaps, so that it cannot be taken for the position in the file.
            *(3 * number + 100, 1 + scene // 20, scene % 20 + 1, f"Title {scene % 20}", scene + 1),
            *(speaker, line, DIRECTORS[scene % 3], " & ".join(writers)),
            *[*writers, "", ""][:3],
        ]


@pytest.fixture(scope="session")
def lines(tmp_path_factory):
    """`lines.parquet` of a made-up corpus, with `corpus.json` beside it."""
    import read_lines

    folder = tmp_path_factory.mktemp("corpus")
    with open(folder / "script.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *corpus_rows()])
    read_lines.main(
        csv=str(folder / "script.csv"),
        lines=str(folder / "lines.parquet"),
        corpus=str(folder / "corpus.json"),
        target_speaker="dwight",
        top_speakers=10,
    )
    return folder / "lines.parquet"


@pytest.fixture(scope="session")
def split_settings():
    """Settings of the stage `split_lines`, to be changed one at a time."""
    return {
        "target_speaker": "dwight",
        "top_speakers": 10,
        "deduplicate": None,
        "min_words": None,
        "min_words_scope": "corpus",
        "word_tokenizer": None,
        "other_speakers": "drop",
        "annotate": [],
        "split": {
            "method": "datasets_stratified",
            "fractions": {"train": 0.5, "test": 0.25, "valid": 0.25},
            "seed": 27,
        },
        "resample": None,
    }


@pytest.fixture(scope="session")
def deal(lines, split_settings, tmp_path_factory):
    """A function that runs the stage `split_lines` and returns its folder."""
    import split_lines

    def run(lines=lines, **changes):
        folder = tmp_path_factory.mktemp("splits")
        split_lines.main(
            lines=str(lines),
            splits=[str(folder / f"{name}.parquet") for name in ("train", "test", "valid")],
            added_tokens=str(folder / "added_tokens.json"),
            split_counts=str(folder / "split_counts.json"),
            **(split_settings | changes),
        )
        return folder

    return run


@pytest.fixture(scope="session")
def encoders(lines, tmp_path_factory):
    """The folders of two tiny encoders, by family."""
    import build_encoder

    scratch = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    scratch |= {"intermediate_size": 32, "vocab_size": 400, "seed": 1}
    root = tmp_path_factory.mktemp("encoders")
    for family in ("distilbert", "roberta"):
        build_encoder.main(
            encoder=str(root / family), lines=str(lines), architecture=family, **scratch
        )
    return {family: root / family for family in ("distilbert", "roberta")}


@pytest.fixture(scope="session")
def tokenize(tmp_path_factory):
    """A function that runs the stage `tokenize_splits` and returns its folder."""
    import tokenize_splits

    def run(splits: Path, encoder: Path, max_length=64):
        folder = tmp_path_factory.mktemp("tokenized") / "dataset"
        tokenize_splits.main(
            splits=[str(splits / f"{name}.parquet") for name in ("train", "test", "valid")],
            added_tokens=str(splits / "added_tokens.json"),
            encoder=str(encoder),
            tokenized=str(folder),
            max_length=max_length,
        )
        return folder

    return run


@pytest.fixture(scope="session")
def splits(deal):
    """The folder of the plain splits: 180, 90 and 90 rows."""
    return deal()


@pytest.fixture(scope="session")
def annotated_splits(deal):
    """The folder of splits whose texts end with director and writer."""
    return deal(annotate=["directed_by", "writer1"])


@pytest.fixture(scope="session")
def tokenized(splits, encoders, tokenize):
    """The plain splits as each family's token ids."""
    return {family: tokenize(splits, folder) for family, folder in encoders.items()}


@pytest.fixture(scope="session")
def annotated_tokenized(annotated_splits, encoders, tokenize):
    """The annotated splits as token ids, the added tokens among them."""
    return tokenize(annotated_splits, encoders["distilbert"])


@pytest.fixture(scope="session")
def training():
    """Training settings under which a tiny model learns the made-up corpus in seconds."""
    return {
        "num_train_epochs": 10,
        "per_device_train_batch_size": 16,
        "per_device_eval_batch_size": 32,
        "gradient_accumulation_steps": 1,
        "learning_rate": 1e-2,
        "weight_decay": 0.01,
        "lr_scheduler_type": "linear",
        "warmup_steps": 0,
        "max_grad_norm": 1.0,
        "activation_checkpointing": False,
        "train_sampling_strategy": "random",
        "precision": "float32",
    }


@pytest.fixture(scope="session")
def train(training, tmp_path_factory):
    """A function that runs the stage `train_model` and returns its folder."""
    import train_model

    def run(tokenized: Path, encoder: Path, seed=42, **changes):
        # A store of its own, so that each run trains.
        folder = tmp_path_factory.mktemp("models") / "variant" / f"seed_{seed}"
        # Training takes these signals for itself; here they are pytest's.
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            train_model.main(
                tokenized=str(tokenized),
                encoder=str(encoder),
                model=str(folder),
                store=str(folder.parents[1] / "store"),
                code="recipe",
                question="target",
                training=training | changes,
                seed=seed,
            )
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return folder

    return run


@pytest.fixture(scope="session")
def model(annotated_tokenized, encoders, train):
    """The folder of a model trained on the annotated splits."""
    return train(annotated_tokenized, encoders["distilbert"])


@pytest.fixture(scope="session")
def predict_rows(tmp_path_factory):
    """A function that runs the stage `predict_splits` and returns the paths of its outputs."""
    import predict_splits

    names = ("train", "test", "valid")

    def run(model: Path, tokenized: Path, splits: Path, batch_size=16):
        folder = tmp_path_factory.mktemp("predictions")
        outputs = {name: str(folder / f"{name}.parquet") for name in names}
        outputs |= {name: str(folder / f"{name}.json") for name in ("scores", "runtime")}
        predict_splits.main(
            model=str(model),
            splits=[str(splits / f"{name}.parquet") for name in names],
            tokenized=str(tokenized),
            split_counts=str(splits / "split_counts.json"),
            predictions=[outputs[name] for name in names],
            scores=outputs["scores"],
            runtime=outputs["runtime"],
            question="target",
            per_device_eval_batch_size=batch_size,
        )
        return outputs

    return run
