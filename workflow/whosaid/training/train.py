"""Trains one model, from a checkpoint if there is one, to a finished model folder."""

import importlib.metadata
import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import DatasetDict, load_from_disk
from transformers import AutoTokenizer, EarlyStoppingCallback, set_seed

from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import write_json
from whosaid.caching.manifest import write_manifest
from whosaid.split_names import SPLITS
from whosaid.tokens.tokenized_rows import label_names, labels_of, speakers_of
from whosaid.training.best_epoch import SameCourse, check_judge, kept_epoch, steps_left
from whosaid.training.checkpoints import EpochSeed, SealedCheckpoints
from whosaid.training.classifier import check_token_ids, new_classifier
from whosaid.training.cpu_dropout import use_cpu_dropout
from whosaid.training.device import device_name, gpu_facts
from whosaid.training.epoch_log import EpochLog, epoch_history
from whosaid.training.packing import can_be_packed
from whosaid.training.speaker_task import narrow_head, widen_head
from whosaid.training.trainer import build_trainer
from whosaid.training.used_embeddings import restore_embeddings, restrict_embeddings

logger = logging.getLogger(__name__)

RECORDED_PACKAGES = ("torch", "transformers", "tokenizers", "accelerate")


def used_ids(rows: DatasetDict, padding: int) -> np.ndarray:
    """The token ids that occur in any of the splits, and the padding id."""
    of_splits = (split.with_format("arrow")[:]["input_ids"] for split in rows.values())
    ids = [ids.combine_chunks().flatten() for ids in of_splits]
    return np.unique(np.concatenate([*ids, [padding]]))


def train(
    tokenized: str,
    encoder: str,
    entry: str,
    question: str,
    training: dict[str, Any],
    seed: int,
    checkpoint: str | None = None,
) -> None:
    """Train on the train split of `tokenized`, and write the model folder into the store's `entry`.

    It goes on from the `checkpoint`, if there is one. `training` holds TrainingArguments, a
    resolved `precision` and perhaps other keys of that section of the config; `question` says which
    metrics are watched. On SIGTERM and SIGINT it saves a checkpoint and raises
    InterruptedStageError. The train loss that is logged for an interrupted epoch covers only the
    part after the resume; everything else is as without the interruption. With `gpus` each of so
    many processes calls this, and the first one writes, see `processes.py`. Raises InputError if
    `best_epoch` is asked for and valid offers no choice.
    """
    checkpoints, finished = Path(entry) / "checkpoints", Path(entry) / "model"
    tokenizer = AutoTokenizer.from_pretrained(Path(tokenized) / "tokenizer")
    rows = load_from_disk(tokenized, keep_in_memory=True)
    set_seed(seed)  # the Trainer sets it too late, after the model's head is drawn
    model = new_classifier(encoder, tokenizer, label_names(rows["train"]))
    learns_speakers = training.get("speaker_loss_weight") is not None
    if learns_speakers:
        widen_head(model, speakers_of(rows["train"]).max() + 1)
    for name in SPLITS:
        check_token_ids(rows[name], model, f"{tokenized}/{name}")
    if not torch.accelerator.is_available():
        use_cpu_dropout(model)
    # On a GPU, too: there it gains little, but a training that began there may end on a CPU.
    restrict_embeddings(model, used_ids(rows, tokenizer.pad_token_id))
    if not can_be_packed(model):
        logger.warning(
            "%s: rows are padded, not packed, which takes two to three times as long",
            model.config.model_type,
        )
    best = training.get("best_epoch") or {"metric": None, "patience": None}
    if best["metric"]:
        check_judge(rows["valid"], f"{tokenized}/valid")
    resumed_from, arguments = checkpoint and Path(checkpoint), training
    if resumed_from and best["patience"]:
        arguments = training | steps_left(resumed_from, best["patience"])
    trainer = build_trainer(
        model,
        tokenizer,
        rows,
        question,
        output_dir=str(checkpoints),
        seed=seed,
        eval_strategy="epoch",
        logging_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=2,
        optim="adamw_torch_fused",
        # The filter would leave losses that are not finite out of the mean.
        logging_nan_inf_filter=False,
        **arguments,
    )
    sealed = SealedCheckpoints(resumed_from)
    for callback in (EpochLog(question, best["metric"]), EpochSeed, sealed):
        trainer.add_callback(callback)
    if best["metric"]:
        trainer.add_callback(SameCourse)
    if best["patience"]:
        trainer.add_callback(EarlyStoppingCallback(best["patience"]))
    if checkpoint:
        logger.info("continuing from %s", checkpoint)
    trainer.train(resume_from_checkpoint=checkpoint)
    trainer.accelerator.wait_for_everyone()  # another process may still read a checkpoint
    if not trainer.is_world_process_zero():
        return
    record = {
        "seed": seed,
        "device": device_name(trainer.args.world_size),
        **gpu_facts(),
        "precision": training["precision"],
        "packed": can_be_packed(model),
        "seconds": sealed.seconds(),
        "optimizer_steps": trainer.state.global_step,
        "rows": {name: len(labels_of(split)) for name, split in rows.items()},
        "history": epoch_history(question, trainer.state.log_history, best["metric"]),
        "arguments": training,
        "versions": {name: importlib.metadata.version(name) for name in RECORDED_PACKAGES},
    }
    if best["metric"]:
        record["kept_epoch"] = kept_epoch(trainer.state)
        logger.info("the weights of epoch %g are kept", record["kept_epoch"])
    restore_embeddings(model)
    if learns_speakers:
        narrow_head(model)
    # Whoever looks up this key wants this very model, so an orphan of a killed run may write it.
    with atomic_write(finished, even_orphaned=True) as partial:
        model.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        write_json(partial / "training.json", record, even_orphaned=True)
        write_manifest(partial, key=finished.parent.name)
    shutil.rmtree(checkpoints)
