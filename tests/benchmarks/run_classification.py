"""The pipeline's own train stage against the way of Transformers' example run_classification.py.

    python tests/benchmarks/run_classification.py [--csv CSV --encoder FOLDER]
        [--variants NAME ...] [--rows N] [--batches 40]

The example, at its defaults, pads every row to 128 tokens, stacks them with the default collator
and leaves the Trainer as it is: float32, random batches, 8 rows per device. It is timed over some
batches, at 8 rows and at the variant's own batch size; its epoch is the train split and one
evaluation on the test split. The other columns are those of training.py.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from measure import call, parse, publish
from project import make_tree
from training import measure_stage, prepare, ratios, trainer_settings, training_options

MAX_SEQ_LENGTH = 128
DEFAULT_BATCH_SIZE = 8


def time_trainer(
    tokenized: str, encoder: str, batch_size: int, batches: int = 40, warm_up: int = 3
) -> dict[str, float]:
    """Rows per second of a Trainer at its defaults, in training and in evaluation."""
    from datasets import load_from_disk
    from published import load_classifier, padded
    from transformers import (
        AutoTokenizer,
        Trainer,
        TrainerCallback,
        TrainingArguments,
        default_data_collator,
    )

    class StepTimes(TrainerCallback):
        """The time at which each step ended."""

        def __init__(self):
            self.times = []

        def on_step_end(self, args, state, control, **kwargs):
            self.times.append(time.perf_counter())

    dataset = load_from_disk(tokenized)
    tokenizer = AutoTokenizer.from_pretrained(f"{tokenized}/tokenizer")
    train = padded(dataset["train"], tokenizer, MAX_SEQ_LENGTH)
    rows = min(batches * batch_size, len(dataset["test"]))
    test = padded(dataset["test"].select(range(rows)), tokenizer, MAX_SEQ_LENGTH)
    clock = StepTimes()
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            model=load_classifier(encoder, tokenizer),
            args=TrainingArguments(
                output_dir=folder,
                per_device_train_batch_size=batch_size,
                per_device_eval_batch_size=batch_size,
                max_steps=batches + warm_up,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
            train_dataset=train,
            eval_dataset=test,
            data_collator=default_data_collator,
            callbacks=[clock],
        )
        trainer.train()
        trainer.evaluate(test.select(range(min(warm_up * batch_size, rows))))
        started = time.perf_counter()
        trainer.evaluate()
        evaluation = time.perf_counter() - started
    return {
        "training_rows_per_second": batches
        * batch_size
        / (clock.times[-1] - clock.times[warm_up - 1]),
        "evaluation_rows_per_second": rows / evaluation,
    }


def main(arguments: list[str] | None = None) -> None:
    """Print the table and write run_classification.json."""
    options = parse(training_options(__doc__), arguments)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        tree = make_tree(Path(folder), options.csv, options.encoder)
        variants = options.variants or list(tree.encoder_variants())
        prepare(tree, variants)
        for variant in variants:
            ours = measure_stage(tree, variant, options.rows)
            own = trainer_settings(tree, variant)["training"]["per_device_train_batch_size"]
            for batch_size in (DEFAULT_BATCH_SIZE, own):
                example = call(
                    "run_classification:time_trainer",
                    tokenized=str(tree.root / tree.tokenized(variant)),
                    encoder=str(tree.root / tree.encoder(variant)),
                    batch_size=batch_size,
                    batches=options.batches,
                ).result
                row = {"variant": variant, "rows": ours["train_rows"], "batch size": batch_size}
                rows.append(row | ratios(ours, example))
    publish("run_classification", rows, options, padded_to=MAX_SEQ_LENGTH)


if __name__ == "__main__":
    main()
