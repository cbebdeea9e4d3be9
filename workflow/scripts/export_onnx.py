"""Write an exported model as an ONNX file.

In: an exported model, the test split and the stored predictions on it. Out: a folder like the
exported one, with `model.onnx` in place of the weights. ONNX Runtime is asked about rows of the
test split first, and has to give the stored probabilities.
"""

import importlib.metadata
import shutil
from functools import partial
from pathlib import Path

from whosaid.jobs.environment import quiet_transformers  # before the libraries that read it

# isort: split
from whosaid.caching.atomic import atomic_write
from whosaid.caching.json_files import json_text, read_json
from whosaid.caching.manifest import digests, find_damage
from whosaid.errors import InputError
from whosaid.evaluation.questions import QUESTIONS
from whosaid.jobs.stage import arguments, stage
from whosaid.reporting.export_facts import NAME
from whosaid.reporting.model_card import model_card
from whosaid.training.exported_model import check_on_rows
from whosaid.training.onnx_model import NAME as ONNX
from whosaid.training.onnx_model import TOLERANCE, onnx_probabilities, write_onnx
from whosaid.training.onnx_packages import PACKAGES, check_installed


def main(model: str, test: str, predictions: str, export: str) -> None:
    """Write the folder `export`; `model` is the exported one, the others are of the test split.

    Raises InputError if a package is missing or `model` was changed, and StageError if the file
    says something else than the stored predictions.
    """
    check_installed()
    quiet_transformers()
    facts = read_json(Path(model) / NAME)
    for damage in find_damage(Path(model), facts["files"]):
        raise InputError(f"{damage} since the export; delete {model} and run again")
    asked = QUESTIONS[facts["question"]]
    stored = asked.read([predictions])
    with atomic_write(export) as folder:
        ignored = shutil.ignore_patterns("model.safetensors", NAME, "README.md", ".*")
        shutil.copytree(model, folder, ignore=ignored)
        write_onnx(Path(model), folder / ONNX)
        ask = partial(onnx_probabilities, folder)
        check_on_rows(ask, test, stored, TOLERANCE, "onnxruntime")
        facts["format"] = "onnx"
        facts["versions"] |= {name: importlib.metadata.version(name) for name in PACKAGES}
        facts["files"] = digests(folder)
        (folder / NAME).write_text(json_text(facts), encoding="utf-8")
        model_card(facts, asked.entries(stored)).save(folder / "README.md")


if __name__ == "__main__":
    with stage(snakemake):
        main(**arguments(snakemake))
