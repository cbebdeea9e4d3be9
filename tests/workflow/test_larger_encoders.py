"""The overlay with larger encoders, on tiny local ones of the same families."""

import json

import pytest
import transformers
import yaml
from tree import copy_project

pytestmark = pytest.mark.slow

FILES = "--configfile config/context.yaml config/larger_encoders.yaml config/tiny.yaml"
TINY = {
    "encoders": {
        "built": {"scratch": {"architecture": "roberta", "vocab_size": 400, "hidden_size": 16}},
        "roberta_large": {"hub": None, "path": "tiny_roberta"},
        "modernbert": {"hub": None, "path": "tiny_modernbert"},
    },
    "defaults": {"max_length": 64, "training": {"num_train_epochs": 1, "seeds": [42]}},
    "statistics": {"resamples": 200},
    "variants": {
        "modernbert_names_around": {"max_length": 64},
        "modernbert_around": {"max_length": 64},
    },
}
CHECKED = ("names_around", "modernbert_names_around")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    tree = copy_project(tmp_path_factory.mktemp("larger") / "whosaid")
    (tree.root / "config" / "tiny.yaml").write_text(yaml.safe_dump(TINY), encoding="utf-8")
    folder = tree.root / "tiny_roberta"
    built = tree.run(
        "snakemake --cores 1 data/larger_encoders/encoders/built/manifest.json --quiet host "
        f"{FILES} && cp -r data/larger_encoders/encoders/built {folder}"
    )
    assert built.returncode == 0, built.stdout + built.stderr
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    config = transformers.ModernBertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_attention_heads=2,
        num_hidden_layers=2,
        pad_token_id=tokenizer.pad_token_id,
        cls_token_id=tokenizer.cls_token_id,
        sep_token_id=tokenizer.sep_token_id,
    )
    modernbert = tree.root / "tiny_modernbert"
    transformers.AutoModel.from_config(config).save_pretrained(modernbert)
    tokenizer.save_pretrained(modernbert)
    return tree


def test_both_families_read_a_scene_from_the_csv_to_the_metrics(tree):
    targets = " ".join(
        f"results/larger_encoders/metrics/{variant}/test.json" for variant in CHECKED
    )
    run = tree.run(f"snakemake --cores 1 {targets} --quiet host {FILES} 2>&1")
    assert run.returncode == 0, run.stdout
    rows = set()
    for variant in CHECKED:
        path = tree.root / f"results/larger_encoders/metrics/{variant}/test.json"
        metrics = json.loads(path.read_text(encoding="utf-8"))
        rows.add(metrics["rows"])
        assert 0 < metrics["metrics"]["average_precision"] <= 1
        assert metrics["role"]
    assert len(rows) == 1  # a scene read once answers for the same lines as a window for each
