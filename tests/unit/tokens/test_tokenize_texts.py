import json
import shutil

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from datasets import ClassLabel, List, Value, load_from_disk
from transformers import AutoModel, AutoTokenizer, BertConfig, BertTokenizer, RobertaConfig

from whosaid.caching.manifest import write_manifest
from whosaid.errors import InputError
from whosaid.tokens.tokenize_texts import length_limit, load_tokenizer

FAMILIES = ("distilbert", "roberta")
SPLITS = ("train", "test", "valid")


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_and_labels_keep_their_order(family, tokenized, splits):
    dataset = load_from_disk(tokenized[family])
    assert set(dataset) == set(SPLITS)
    for name in SPLITS:
        part = pd.read_parquet(splits / f"{name}.parquet")
        assert dataset[name]["row"][:] == part["row"].tolist()
        assert dataset[name]["label"][:] == part["label"].tolist()


@pytest.mark.parametrize("family", FAMILIES)
def test_ids_are_those_of_the_tokenizer_row_by_row(family, tokenized, splits, encoders):
    tokenizer = AutoTokenizer.from_pretrained(encoders[family])
    dataset = load_from_disk(tokenized[family])
    for name in SPLITS:
        texts = pd.read_parquet(splits / f"{name}.parquet")["text"]
        expected = [tokenizer(text, truncation=True, max_length=64)["input_ids"] for text in texts]
        assert dataset[name]["input_ids"][:] == expected


@pytest.fixture
def bert(encoders, tmp_path):
    """A BERT encoder, whose tokenizer is saved with padding and a short limit switched on."""
    vocabulary = AutoTokenizer.from_pretrained(encoders["distilbert"]).get_vocab()
    tokenizer = BertTokenizer(vocab=vocabulary, model_max_length=512)
    tokenizer.backend_tokenizer.enable_padding(length=128)
    tokenizer.backend_tokenizer.enable_truncation(4)
    tokenizer.save_pretrained(tmp_path / "bert")
    BertConfig(vocab_size=len(vocabulary)).save_pretrained(tmp_path / "bert")
    write_manifest(tmp_path / "bert")
    return tmp_path / "bert"


def test_what_the_tokenizer_was_saved_with_does_not_count(bert, annotated_splits, tokenize):
    folder = tokenize(annotated_splits, bert)
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    texts = pd.read_parquet(annotated_splits / "valid.parquet")["text"].tolist()
    expected = tokenizer(texts, truncation=True, max_length=64)
    assert set(expected) == {"input_ids", "token_type_ids", "attention_mask"}
    assert max(map(len, expected["input_ids"])) > 8
    assert load_from_disk(folder)["valid"]["input_ids"][:] == expected["input_ids"]


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_are_not_padded(family, tokenized, encoders):
    pad = AutoTokenizer.from_pretrained(encoders[family]).pad_token_id
    train = load_from_disk(tokenized[family])["train"]
    assert len({len(ids) for ids in train["input_ids"]}) > 3
    assert all(pad not in ids for ids in train["input_ids"])


def test_the_columns_are_those_that_models_and_predictions_need(tokenized):
    for split in load_from_disk(tokenized["distilbert"]).values():
        assert dict(split.features) == {
            "row": Value("int64"),
            "text": Value("string"),
            "label": ClassLabel(names=["not_dwight", "dwight"]),
            "abstained": Value("bool"),
            "input_ids": List(Value("int32")),
        }


def test_rows_on_which_the_variant_abstains_are_left_out(deal, encoders, tokenize):
    splits = deal(min_words=6, min_words_scope="train", word_tokenizer="preserve_line")
    dataset = load_from_disk(tokenize(splits, encoders["distilbert"]))
    for name in SPLITS:
        dealt = pd.read_parquet(splits / f"{name}.parquet")
        judged = dealt[~dealt["abstained"]]
        assert dataset[name]["row"][:] == judged["row"].tolist()
        assert dataset[name]["text"][:] == judged["text"].tolist()
        assert (len(judged) < len(dealt)) == (name != "train")
        assert not any(dataset[name]["abstained"])


def test_a_split_without_any_row_to_judge_is_tokenized_too(splits, encoders, tokenize, tmp_path):
    folder = shutil.copytree(splits, tmp_path / "short")
    table = pq.read_table(folder / "valid.parquet")
    abstained = pa.array([True] * table.num_rows)
    number = table.column_names.index("abstained")
    pq.write_table(
        table.set_column(number, table.field(number), abstained), folder / "valid.parquet"
    )
    dataset = load_from_disk(tokenize(folder, encoders["distilbert"]))
    assert len(dataset["valid"]) == 0 < len(dataset["test"])
    assert dataset["valid"].features == dataset["test"].features


def test_equal_rows_are_equal_bytes(splits, encoders, tokenize):
    one, other = (tokenize(splits, encoders["distilbert"]) for _ in range(2))
    names = [path.relative_to(one) for path in sorted(one.rglob("*")) if path.is_file()]
    assert {"dataset_dict.json", "manifest.json"} <= set(map(str, names))
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


@pytest.mark.parametrize("family", FAMILIES)
def test_long_texts_are_cut_at_max_length(family, splits, encoders, tokenize):
    dataset = load_from_disk(tokenize(splits, encoders[family], max_length=8))
    whole = load_from_disk(tokenize(splits, encoders[family], max_length=64))
    end = AutoTokenizer.from_pretrained(encoders[family]).sep_token_id
    lengths = [len(ids) for ids in dataset["train"]["input_ids"]]
    assert max(lengths) == 8
    assert lengths == [min(8, len(ids)) for ids in whole["train"]["input_ids"]]
    assert all(ids[-1] == end for ids in dataset["train"]["input_ids"])


@pytest.fixture
def long_splits(splits, tmp_path):
    """Splits with one line far beyond any model's limit."""
    folder = shutil.copytree(splits, tmp_path / "long")
    part = pd.read_parquet(folder / "test.parquet")
    part.loc[0, "text"] = "beets and bears " * 400
    part.to_parquet(folder / "test.parquet", index=False)
    return folder


@pytest.mark.parametrize("max_length", [None, 4000])
@pytest.mark.parametrize("family", FAMILIES)
def test_without_max_length_texts_are_cut_at_the_models_limit(
    family, max_length, long_splits, encoders, tokenize
):
    dataset = load_from_disk(tokenize(long_splits, encoders[family], max_length))
    assert len(dataset["test"]["input_ids"][0]) == 512


@pytest.mark.parametrize("family", FAMILIES)
def test_the_limit_is_the_last_length_that_the_model_takes(family, encoders):
    tokenizer = AutoTokenizer.from_pretrained(encoders[family])
    tokenizer.model_max_length = 10**30
    limit = length_limit(encoders[family], tokenizer)
    model = AutoModel.from_pretrained(encoders[family])
    some_word = torch.full((1, limit + 1), len(tokenizer) - 1)
    assert model(some_word[:, :limit]).last_hidden_state.shape[1] == limit
    with pytest.raises((IndexError, RuntimeError)):
        model(some_word)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_tokenizer_may_ask_for_less_than_the_model_takes(family, encoders):
    tokenizer = AutoTokenizer.from_pretrained(encoders[family])
    tokenizer.model_max_length = 100
    assert length_limit(encoders[family], tokenizer) == 100


def test_robertas_own_positions_leave_512_tokens(encoders, tmp_path):
    # 514 positions, of which the published model's padding id, 1, takes two.
    RobertaConfig(max_position_embeddings=514, pad_token_id=1).save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(encoders["roberta"])
    tokenizer.model_max_length = 10**30
    assert length_limit(tmp_path, tokenizer) == 512


@pytest.mark.parametrize("family", FAMILIES)
def test_an_added_token_is_one_id_and_keeps_its_case(family, encoders):
    names = ["[Ken Kwapis]", "[Zoë Ibáñez]", "[B.J. Novak]"]
    tokenizer = load_tokenizer(encoders[family], names, None)
    plain = AutoTokenizer.from_pretrained(encoders[family])
    assert len(tokenizer) == len(plain) + 3
    ids = tokenizer("I like beets. " + " ".join(names), add_special_tokens=False)["input_ids"]
    known = [tokenizer.convert_tokens_to_ids(name) for name in names]
    assert known == list(range(len(plain), len(plain) + 3))
    assert [number for number in ids if number in known] == known
    assert tokenizer.convert_ids_to_tokens(known) == names


def test_texts_without_added_tokens_have_the_ids_they_had(encoders):
    tokenizer = load_tokenizer(encoders["distilbert"], ["[Ken Kwapis]"], None)
    plain = AutoTokenizer.from_pretrained(encoders["distilbert"])
    assert tokenizer("I like beets.")["input_ids"] == plain("I like beets.")["input_ids"]


def test_every_annotated_row_ends_with_the_ids_of_director_and_writer(
    annotated_tokenized, annotated_splits, encoders
):
    tokens = json.loads((annotated_splits / "added_tokens.json").read_text(encoding="utf-8"))
    first = len(AutoTokenizer.from_pretrained(encoders["distilbert"]))
    added = set(range(first, first + len(tokens)))
    for ids in load_from_disk(annotated_tokenized)["valid"]["input_ids"]:
        assert set(ids[-3:-1]) <= added
        assert added.isdisjoint(ids[:-3])


def test_the_tokenizer_is_saved_beside_with_its_added_tokens(
    annotated_tokenized, annotated_splits, encoders
):
    tokenizer = AutoTokenizer.from_pretrained(annotated_tokenized / "tokenizer")
    tokens = json.loads((annotated_splits / "added_tokens.json").read_text(encoding="utf-8"))
    plain = AutoTokenizer.from_pretrained(encoders["distilbert"])
    assert len(tokenizer) == len(plain) + len(tokens)
    dataset = load_from_disk(annotated_tokenized)
    texts = pd.read_parquet(annotated_splits / "test.parquet")["text"]
    assert dataset["test"]["input_ids"][:] == [tokenizer(text)["input_ids"] for text in texts]


@pytest.mark.parametrize(("max_length", "limit"), [(None, 512), (4000, 512), (20, 20)])
def test_the_limit_is_saved_with_the_tokenizer(max_length, limit, splits, encoders, tokenize):
    folder = tokenize(splits, encoders["roberta"], max_length)
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    assert tokenizer.model_max_length == limit
    assert len(tokenizer("beets " * 1000, truncation=True)["input_ids"]) == limit


def test_a_changed_encoder_file_is_refused(splits, encoders, tokenize, tmp_path):
    encoder = shutil.copytree(encoders["distilbert"], tmp_path / "encoder")
    with open(encoder / "tokenizer.json", "a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(InputError, match=r"tokenizer\.json was changed"):
        tokenize(splits, encoder)


def test_a_missing_encoder_file_is_refused(splits, encoders, tokenize, tmp_path):
    encoder = shutil.copytree(encoders["distilbert"], tmp_path / "encoder")
    (encoder / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"model\.safetensors is missing"):
        tokenize(splits, encoder)
