"""An ONNX file says what the model says, for any number of texts and tokens."""

import importlib.util

import pytest
from classifiers import CONFIGS, TOKENIZERS, new_model
from transformers import AutoTokenizer

from whosaid.errors import InputError
from whosaid.training import onnx_packages
from whosaid.training.exported_model import pipeline_probabilities
from whosaid.training.onnx_model import NAME, TOLERANCE, onnx_probabilities, write_onnx

TEXTS = ["beets", "I like my paper and coffee and sales.", "No.", "I fear bears. " * 30]


@pytest.mark.parametrize("architecture", CONFIGS)
def test_the_file_says_what_the_model_says(architecture, encoders, tmp_path):
    pytest.importorskip("onnxruntime")
    family = TOKENIZERS.get(architecture, "distilbert")
    tokenizer = AutoTokenizer.from_pretrained(encoders[family])
    tokenizer.model_max_length = 64
    model = new_model(architecture, tokenizer)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    write_onnx(tmp_path, tmp_path / NAME)
    expected = pipeline_probabilities(tmp_path, TEXTS, list(model.config.id2label.values()))
    found = onnx_probabilities(tmp_path, TEXTS)
    assert found == pytest.approx(expected, abs=TOLERANCE)
    assert expected.std() > 0.01


def test_missing_packages_are_told_with_what_to_type(monkeypatch):
    installed = importlib.util.find_spec("json")
    specs = {"onnx": installed, "onnxruntime": None, "onnxscript": None}
    monkeypatch.setattr(onnx_packages.importlib.util, "find_spec", specs.get)
    with pytest.raises(InputError) as refused:
        onnx_packages.check_installed()
    assert str(refused.value) == (
        "FORMAT=onnx: onnxruntime, onnxscript not installed; type "
        "`.venv/bin/pip install -c envs/constraints.txt -r envs/requirements_onnx.txt`"
    )
    specs |= dict.fromkeys(specs, installed)
    onnx_packages.check_installed()
