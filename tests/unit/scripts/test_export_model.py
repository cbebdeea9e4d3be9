"""What somebody without whosaid gets: a folder that says what it is and answers alike."""

import json
import re
import shutil
from pathlib import Path

import evaluate_splits
import export_model
import export_onnx
import numpy as np
import pandas as pd
import predict_splits
import pytest
from huggingface_hub import ModelCard
from isolated import answers, run_isolated

from whosaid.caching.manifest import sha256
from whosaid.errors import StageError
from whosaid.evaluation.predictions import read_predictions
from whosaid.evaluation.probability import sigmoid
from whosaid.evaluation.published_metrics import PUBLISHED_METRICS
from whosaid.evaluation.questions import QUESTIONS
from whosaid.reporting.model_card import model_card

SPLITS = ("train", "test", "valid")
SEED = 42
EVALUATED = {
    "experiment": "toy",
    "question": "target",
    "variant": "annotated",
    "seeds": [SEED],
    "unit": "row",
    "is_baseline": False,
    "published": None,
    "other_question": False,
    "bootstrap": {"confidence": 0.9, "resamples": 100, "seed": 1},
}
"""The settings of `evaluate_splits`."""


@pytest.fixture(scope="module")
def made(model, annotated_splits, annotated_tokenized, lines, tmp_path_factory):
    """The arguments of the stage for a trained model, whose predictions and metrics are real."""
    folder = tmp_path_factory.mktemp("experiment")
    predictions = [str(folder / f"{name}.parquet") for name in SPLITS]
    metrics = [str(folder / f"{name}.json") for name in SPLITS]
    splits = [str(annotated_splits / f"{name}.parquet") for name in SPLITS]
    predict_splits.main(
        model=str(model),
        splits=splits,
        tokenized=str(annotated_tokenized),
        split_counts=str(annotated_splits / "split_counts.json"),
        predictions=predictions,
        scores=str(folder / "scores.json"),
        runtime=str(folder / "runtime.json"),
        question="target",
        per_device_eval_batch_size=32,
    )
    evaluate_splits.main(
        predictions={name: [path] for name, path in zip(SPLITS, predictions, strict=True)},
        scores=[str(folder / "scores.json")],
        lines=str(lines),
        metrics=dict(zip(SPLITS, metrics, strict=True)),
        thresholds=str(folder / "thresholds.json"),
        **EVALUATED,
    )
    encoder = {"source": "an/encoder", "revision": "0" * 40, "license": "apache-2.0"}
    (folder / "manifest.json").write_text(json.dumps(encoder))
    return {
        "model": str(model),
        "test": splits[1],
        "predictions": predictions[1],
        "metrics": metrics,
        "corpus": str(Path(lines).with_name("corpus.json")),
        "split_counts": str(annotated_splits / "split_counts.json"),
        "added_tokens": str(annotated_splits / "added_tokens.json"),
        "encoder_manifest": str(folder / "manifest.json"),
        "thresholds": str(folder / "thresholds.json"),
        "experiment": "toy",
        "variant": "annotated",
        "title": "With *names*",
        "seed": SEED,
        "question": "target",
        "target_speaker": "dwight",
        "recipe": {
            "annotate": ["directed_by", "writer1"],
            "min_words": None,
            "training": {},
            "threshold_beta": 1.0,
        },
        "encoder": {"name": "small", "hub": {"name": "an/encoder", "revision": "0" * 40}},
        "confidence": 0.9,
    }


@pytest.fixture(scope="module")
def exported(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("handed_over") / "model"
    export_model.main(**made, export=str(folder))
    return folder


@pytest.fixture(scope="module")
def facts(exported):
    return json.loads((exported / "whosaid.json").read_text(encoding="utf-8"))


def metric_file(made, split="test"):
    path = made["metrics"][SPLITS.index(split)]
    return json.loads(Path(path).read_text(encoding="utf-8"))


def test_the_folder_holds_weights_tokenizer_config_and_two_descriptions(exported, facts):
    files = {path.name for path in exported.iterdir()}
    needed = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert files == needed | {"README.md", "whosaid.json"}
    assert facts["files"] == {name: sha256(exported / name) for name in needed}


def test_a_pipeline_without_whosaid_gives_the_names_and_the_stored_probabilities(made, exported):
    texts = pd.read_parquet(made["test"])["text"].tolist()
    found = answers(exported, texts)
    stored = sigmoid(read_predictions([made["predictions"]]).log_odds[0])
    assert [answer["dwight"] for answer in found] == pytest.approx(stored, abs=1e-5)
    assert [answer["not_dwight"] for answer in found] == pytest.approx(1 - stored, abs=1e-5)
    assert stored.std() > 0.01


def test_the_cards_own_code_works_where_there_is_no_whosaid(exported):
    [code] = re.findall("```python\n(.*?)```", (exported / "README.md").read_text(), re.S)
    assert len(code.splitlines()) == 3
    printed = run_isolated(code.replace("path/to/this/folder", str(exported)))
    assert "'label': 'dwight'" in printed


def test_the_cards_header_has_the_metrics_of_the_metric_file(made, exported):
    data = ModelCard.load(exported / "README.md").data
    assert (data.base_model, data.license) == ("an/encoder", "apache-2.0")
    assert (data.library_name, data.pipeline_tag) == ("transformers", "text-classification")
    of_seed = metric_file(made)["seeds"][str(SEED)]
    assert len(data.eval_results) > 5
    for each in data.eval_results:
        assert each.dataset_split == "test"
        assert each.metric_value == of_seed[each.metric_type]


def test_every_figure_of_the_card_is_one_of_the_metric_file(made, exported):
    card = ModelCard.load(exported / "README.md")
    rows = {
        row[0]: row[1:]
        for line in card.text.splitlines()
        if line.startswith("| ")
        for row in [[cell.strip() for cell in line.strip("|").split("|")]]
    }
    result = metric_file(made)
    low, high = result["intervals"]["average_precision"]
    value = f"{result['metrics']['average_precision']:.3f}"
    assert rows["average precision"] == [value, f"{value} [{low:.3f}, {high:.3f}]"]
    assert f"{result['rows']} held-out lines" in card.text
    assert "90 % intervals" in card.text
    shown = {number for cells in rows.values() for number in re.findall(r"\d\.\d{3}", str(cells))}
    known = {f"{each:.3f}" for each in numbers_in(result)}
    assert shown <= known


def numbers_in(value):
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from numbers_in(each)
    elif isinstance(value, float):
        yield value


def test_the_card_says_what_text_the_model_expects(made, exported, facts):
    text = ModelCard.load(exported / "README.md").text
    assert "Who said this? [value of directed_by] [value of writer1]" in text
    tokens = json.loads(Path(made["added_tokens"]).read_text(encoding="utf-8"))
    assert facts["added_tokens"] == tokens
    assert f"knows {len(tokens)} such values" in text
    assert facts["text"]["max_tokens"] == 64 and "reads 64 tokens" in text
    assert text.lstrip().startswith(r"# toy: With \*names\*")
    assert "Licence of the encoder: apache-2.0." in text


def test_the_facts_say_which_threshold_data_and_versions(made, facts, lines):
    thresholds = json.loads(Path(made["thresholds"]).read_text())
    assert facts["threshold"] == thresholds["seeds"][str(SEED)]["threshold"]
    corpus = json.loads(Path(lines).with_name("corpus.json").read_text(encoding="utf-8"))
    assert facts["data"]["sha256"] == corpus["sha256"]
    assert facts["data"]["files"] == [{"name": "script.csv", "sha256": corpus["sha256"]}]
    assert facts["labels"] == ["not_dwight", "dwight"]
    assert facts["metrics"]["valid"]["this_model"] == metric_file(made, "valid")["seeds"]["42"]
    assert set(facts["versions"]) >= {"torch", "transformers"}


def test_a_threshold_for_another_goal_than_f1_says_so(facts):
    entries = QUESTIONS["target"].entries(None)
    plain = " ".join(str(model_card(facts, entries)).split())
    assert "If a decision is needed: F1 on the validation split is best" in plain
    other = facts | {"recipe": facts["recipe"] | {"threshold_beta": 0.5}}
    card = " ".join(str(model_card(other, entries)).split())
    assert "If a decision is needed: F-beta with beta 0.5 (below 1 precision counts more" in card


def test_a_calibrated_model_is_handed_over_as_trained_with_its_temperature(made, tmp_path):
    """The pipeline's probabilities are the model's own, and so is the threshold that is told."""
    chosen = json.loads(Path(made["thresholds"]).read_text())["seeds"][str(SEED)]
    odds = np.log(chosen["threshold"] / (1 - chosen["threshold"])) / 2.5
    of_seed = chosen | {"temperature": 2.5, "threshold": float(sigmoid(odds))}
    (tmp_path / "thresholds.json").write_text(json.dumps({"seeds": {str(SEED): of_seed}}))
    paths = {"thresholds": str(tmp_path / "thresholds.json"), "export": str(tmp_path / "model")}
    export_model.main(**made | paths)
    facts = json.loads((tmp_path / "model" / "whosaid.json").read_text())
    assert facts["temperature"] == 2.5
    assert facts["threshold"] == pytest.approx(chosen["threshold"])
    card = " ".join((tmp_path / "model" / "README.md").read_text().split())
    assert 'divide the logits (`function_to_apply="none"`) by 2.500' in card
    weights = "model.safetensors"
    assert sha256(tmp_path / "model" / weights) == sha256(Path(made["model"]) / weights)


def test_no_path_of_this_machine_is_handed_over(made, exported):
    home = str(Path(made["model"]).parents[2])
    for path in exported.iterdir():
        assert home.encode() not in path.read_bytes()


def test_a_model_that_says_something_else_than_the_predictions_is_not_exported(made, tmp_path):
    """The files of a folder may be whole, and still be those of another training."""
    predictions = tmp_path / "test.parquet"
    frame = pd.read_parquet(made["predictions"])
    frame["logit_target"] += np.float32(1)
    frame.to_parquet(predictions)
    with pytest.raises(StageError, match="differs from that of the stored predictions"):
        export_model.main(
            **made | {"predictions": str(predictions), "export": str(tmp_path / "model")}
        )
    assert not (tmp_path / "model").exists()


def test_a_variant_that_abstains_on_every_row_of_test_is_exported_unchecked(
    made, lines, tmp_path, caplog
):
    """No row is left to ask about; comparing none with none was a traceback."""
    caplog.set_level("INFO")
    files = {name: str(tmp_path / f"{name}.parquet") for name in ("test", "predictions")}
    for name, path in files.items():
        pd.read_parquet(made[name]).assign(abstained=True).to_parquet(path, index=False)
    metrics = [made["metrics"][0], str(tmp_path / "test.json"), made["metrics"][2]]
    predictions = Path(made["predictions"]).parent
    of_splits = {name: [str(predictions / f"{name}.parquet")] for name in SPLITS}
    asked = read_predictions([files["predictions"]])
    decided = asked.decide()[0]
    scores = json.loads((predictions / "scores.json").read_text())
    scores["test"] = {
        metric.name: float(metric.score(asked.label, decided)) for metric in PUBLISHED_METRICS
    }
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    evaluate_splits.main(
        predictions=of_splits | {"test": [files["predictions"]]},
        scores=[str(tmp_path / "scores.json")],
        lines=str(lines),
        metrics={name: str(tmp_path / f"{name}.json") for name in SPLITS},
        thresholds=str(tmp_path / "thresholds.json"),
        **EVALUATED,
    )
    export_model.main(**made | files | {"metrics": metrics, "export": str(tmp_path / "model")})
    assert "no row to check the model on: the variant abstains on all of test" in caplog.text
    assert ModelCard.load(tmp_path / "model" / "README.md").text


def test_a_model_with_other_labels_is_not_exported(made, tmp_path):
    counts = json.loads(Path(made["split_counts"]).read_text(encoding="utf-8"))
    (tmp_path / "counts.json").write_text(json.dumps(counts | {"labels": ["not_jim", "jim"]}))
    changed = {"split_counts": str(tmp_path / "counts.json"), "export": str(tmp_path / "model")}
    with pytest.raises(StageError, match=r"the labels are .*, not \['jim', 'not_jim'\]"):
        export_model.main(**made | changed)


def test_weights_that_were_cut_short_are_not_exported(made, tmp_path):
    shutil.copytree(made["model"], tmp_path / "broken")
    (tmp_path / "broken" / "model.safetensors").write_bytes(b"")
    changed = {"model": str(tmp_path / "broken"), "export": str(tmp_path / "model")}
    with pytest.raises(StageError, match="was changed or cut short"):
        export_model.main(**made | changed)


# The same as an ONNX file


@pytest.fixture(scope="module")
def as_onnx(made, exported, tmp_path_factory):
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("handed_over") / "onnx"
    same = {name: made[name] for name in ("test", "predictions")}
    export_onnx.main(model=str(exported), export=str(folder), **same)
    return folder


def test_an_onnx_folder_has_a_file_of_its_own_in_place_of_the_weights(as_onnx, exported, facts):
    files = {path.name for path in exported.iterdir()}
    assert {path.name for path in as_onnx.iterdir()} == files - {"model.safetensors"} | {
        "model.onnx"
    }
    found = json.loads((as_onnx / "whosaid.json").read_text(encoding="utf-8"))
    assert found["format"] == "onnx" and "onnxruntime" in found["versions"]
    assert found["files"]["model.onnx"] == sha256(as_onnx / "model.onnx")
    assert found["metrics"] == facts["metrics"]
    assert ModelCard.load(as_onnx / "README.md").data.library_name == "onnx"


def test_the_code_of_an_onnx_card_gives_the_logits_of_the_model(as_onnx, exported):
    [code] = re.findall("```python\n(.*?)```", (as_onnx / "README.md").read_text(), re.S)
    printed = run_isolated(code.replace("path/to/this/folder", str(as_onnx)))
    logits = [float(each) for each in re.findall(r"-?\d+\.\d*(?:e-?\d+)?", printed)]
    shares = np.exp(logits) / np.exp(logits).sum()
    text = "Who said this? [value of directed_by] [value of writer1]"
    assert f'"{text}"' in code
    [answer] = answers(exported, [text])
    assert [answer["not_dwight"], answer["dwight"]] == pytest.approx(shares, abs=1e-4)


def test_an_export_that_was_changed_becomes_no_onnx_file(made, exported, tmp_path):
    pytest.importorskip("onnxruntime")
    shutil.copytree(exported, tmp_path / "broken")
    (tmp_path / "broken" / "config.json").write_text("{}")
    same = {name: made[name] for name in ("test", "predictions")}
    with pytest.raises(StageError, match=r"config.json was changed or cut short since the export"):
        export_onnx.main(model=str(tmp_path / "broken"), export=str(tmp_path / "onnx"), **same)
