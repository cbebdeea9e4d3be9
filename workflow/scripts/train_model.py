"""Fine-tune an encoder to tell the target's lines from the others'.

In: the tokenized splits of a variant, its encoder. Out: a model folder that explains itself, with
weights (safetensors), tokenizer, label names both ways, `training.json` (per-epoch history on the
test split, seconds, device, precision, versions) and `manifest.json`.
"""

import importlib.metadata
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import whosaid.environment  # before the libraries that read it
import whosaid.lean_transformers  # noqa: F401  (before Transformers)

# isort: split
import numpy as np
import torch
import transformers
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    EvalPrediction,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    ProgressCallback,
    TrainingArguments,
    set_seed,
)

from whosaid.batches import Batches
from whosaid.cpu_layers import use_cpu_layers
from whosaid.device import (
    device_arguments,
    device_name,
    keep_freed_memory,
    resolve_precision,
)
from whosaid.epochs import EpochLines, epoch_history
from whosaid.first_tokens import allow_packing
from whosaid.manifest import check_manifest, write_manifest
from whosaid.metrics import classification_metrics
from whosaid.model_store import is_whole, last_whole_checkpoint, locked, training_key
from whosaid.resumable import ResumableTrainer, SealedCheckpoints
from whosaid.rows import Rows
from whosaid.splits import SPLITS
from whosaid.stage import stage
from whosaid.vocabulary import restore_vocabulary, restrict_vocabulary
from whosaid.whole import whole, write_json

logger = logging.getLogger(__name__)

RECORDED_PACKAGES = ("torch", "transformers", "tokenizers", "accelerate")


def load_model(
    encoder: str, tokenizer: PreTrainedTokenizerBase, target_speaker: str
) -> PreTrainedModel:
    """The encoder with a fresh head for the two classes, in float32.

    Added tokens get new rows in the embeddings, drawn as the published code drew them: normal with
    the model's initializer range, not around the mean of the old ones.
    """
    names = {0: f"not_{target_speaker}", 1: target_speaker}
    model = AutoModelForSequenceClassification.from_pretrained(
        encoder,
        num_labels=len(names),
        id2label=names,
        label2id={name: number for number, name in names.items()},
        problem_type="single_label_classification",
        dtype=torch.float32,
        use_safetensors=True,
    )
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    return model


def compute_metrics(prediction: EvalPrediction) -> dict[str, float]:
    """Metrics of the class with the larger logit, for the per-epoch evaluation."""
    return classification_metrics(
        predictions=prediction.predictions.argmax(axis=1), references=prediction.label_ids
    )


def build_trainer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: dict[str, Rows],
    **arguments: Any,
) -> ResumableTrainer:
    """A Trainer for `rows` that watches the test split; `arguments` are TrainingArguments.

    Accumulated batches are one large batch, which takes no more memory than one of the small ones
    would if it were padded to the longest row of all.
    """
    if not hasattr(TrainingArguments, "activation_checkpointing"):
        # Its name before Transformers 5.23, which may be the one beside a GPU.
        arguments["gradient_checkpointing"] = arguments.pop("activation_checkpointing", False)
    piece_tokens = arguments["per_device_train_batch_size"] * int(rows["train"].lengths.max())
    arguments["per_device_train_batch_size"] *= arguments.pop("gradient_accumulation_steps", 1)
    trainer = ResumableTrainer(
        model=model,
        args=TrainingArguments(remove_unused_columns=False, report_to="none", **arguments),
        train_dataset=Batches(rows["train"], piece_tokens, allow_packing(model, rows["train"])),
        eval_dataset=rows["test"],
        processing_class=tokenizer,
        compute_metrics=compute_metrics,
    )
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(EpochLines)
    return trainer


def train(
    tokenized: str,
    encoder: str,
    entry: Path,
    target_speaker: str,
    training: dict[str, Any],
    seed: int,
) -> None:
    """Train on the train split of `tokenized`, from the last checkpoint if there is one.

    Writes the model folder into the store's `entry`. Raises InterruptedStageError on SIGTERM and
    SIGINT, after a checkpoint. The train loss logged for an epoch that was interrupted is that of
    the part after the resume; everything else is as without the interruption.
    """
    checkpoints = entry / "checkpoints"
    tokenizer = AutoTokenizer.from_pretrained(Path(tokenized) / "tokenizer")
    rows = {
        name: Rows.load(Path(tokenized) / name, tokenizer.pad_token_id).judged() for name in SPLITS
    }
    set_seed(seed)  # the Trainer would do so only after the model's head is drawn
    classifier = load_model(encoder, tokenizer, target_speaker)
    restrict_vocabulary(classifier, np.concatenate([rows["train"].ids, rows["test"].ids]))
    if not torch.accelerator.is_available():
        keep_freed_memory()
        use_cpu_layers(classifier)
    trainer = build_trainer(
        classifier,
        tokenizer,
        rows,
        output_dir=str(checkpoints),
        seed=seed,
        eval_strategy="epoch",
        logging_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=2,
        optim="adamw_torch_fused",
        # It would leave losses that are no number out of the mean, and wait for a GPU at each step.
        logging_nan_inf_filter=False,
        disable_tqdm=False,
        **device_arguments(training["precision"]),
        **{name: value for name, value in training.items() if name != "precision"},
    )
    checkpoint = last_whole_checkpoint(checkpoints)
    sealed = SealedCheckpoints(checkpoint)
    trainer.add_callback(sealed)
    if checkpoint is not None:
        logger.info("going on from %s", checkpoint)
    trainer.train(resume_from_checkpoint=checkpoint and str(checkpoint))
    record = {
        "seed": seed,
        "device": device_name(),
        "precision": training["precision"],
        "seconds": sealed.seconds(),
        "optimizer_steps": trainer.state.global_step,
        "rows": {name: len(split) for name, split in rows.items()},
        "history": epoch_history(trainer.state.log_history),
        "arguments": training,
        "versions": {name: importlib.metadata.version(name) for name in RECORDED_PACKAGES},
    }
    restore_vocabulary(classifier)
    # The store is for whoever asks for this very model: the work of an orphan is not lost.
    with whole(entry / "model", even_orphaned=True) as partial:
        classifier.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        write_json(partial / "training.json", record, even_orphaned=True)
        write_manifest(partial, key=entry.name)
    shutil.rmtree(checkpoints)


def main(
    tokenized: str,
    encoder: str,
    model: str,
    store: str,
    code: str,
    target_speaker: str,
    training: dict[str, Any],
    seed: int,
) -> None:
    """Write the folder `model`, trained now or taken from the `store`.

    `code` is the JSON text of the code and the package versions that the training reaches.
    """
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    training = training | {"precision": resolve_precision(training["precision"])}
    key = training_key(
        json.loads(code),
        tokenized=check_manifest(Path(tokenized))["files"],
        encoder=check_manifest(Path(encoder))["files"],
        target_speaker=target_speaker,
        # The size of an evaluation batch leaves the model as it is.
        training={k: v for k, v in training.items() if k != "per_device_eval_batch_size"},
        seed=seed,
    )
    entry = Path(store) / key
    with locked(entry):
        if is_whole(entry / "model"):
            logger.info("trained before: taken from %s", entry)
        else:
            train(tokenized, encoder, entry, target_speaker, training, seed)
        with whole(model) as partial:
            shutil.copytree(entry / "model", partial)


if __name__ == "__main__":
    with stage(snakemake):
        main(
            tokenized=snakemake.input.tokenized,
            encoder=snakemake.input.encoder,
            model=snakemake.output.model,
            store=snakemake.params.store,
            code=snakemake.params.code,
            **json.loads(snakemake.params.settings),
        )
