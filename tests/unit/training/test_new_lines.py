import pytest
import torch

from whosaid.caching.manifest import write_manifest
from whosaid.errors import InputError
from whosaid.training.new_lines import load_lines_model

TEXTS = ["Beets.", "Paper, on a farm in the valley of offices?", "", "no " * 300]


def test_an_encoder_answers_as_it_does_without_a_batch(build, tokenizer, tmp_path):
    model = build().eval()
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    write_manifest(tmp_path, key=None)
    loaded = load_lines_model(tmp_path, "target")
    for text, logits in zip(TEXTS, loaded.logits({"text": TEXTS}), strict=True):
        ids = torch.tensor([tokenizer(text, truncation=True)["input_ids"]])
        with torch.inference_mode():
            expected = model(input_ids=ids).logits[0]
        assert logits == pytest.approx(expected.numpy(), abs=1e-4)
    assert loaded.names == [model.config.id2label[number] for number in (0, 1)]


def test_a_damaged_model_answers_nothing(build, tokenizer, tmp_path):
    build().save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    write_manifest(tmp_path, key=None)
    with open(tmp_path / "model.safetensors", "ab") as file:
        file.write(b"more")
    with pytest.raises(InputError, match=r"model\.safetensors"):
        load_lines_model(tmp_path, "target")
