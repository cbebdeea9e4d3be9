"""New classifiers, and the token ids that they can read."""

import pytest
import torch
import transformers
from datasets import Dataset, load_from_disk
from safetensors.torch import load_file
from transformers import AutoTokenizer

from whosaid.errors import InputError
from whosaid.training.classifier import check_token_ids, load_classifier, new_classifier

FAMILIES = ("distilbert", "roberta")
HEADS = {"distilbert": "pre_classifier.weight", "roberta": "classifier.dense.weight"}
NAMES = ["not_dwight", "dwight"]


@pytest.mark.parametrize("family", FAMILIES)
def test_added_tokens_get_rows_of_their_own_in_the_embeddings(family, encoders):
    tokenizer = AutoTokenizer.from_pretrained(encoders[family])
    before = new_classifier(encoders[family], tokenizer, NAMES)
    tokenizer.add_tokens([f"[name {number}]" for number in range(50)], special_tokens=True)
    after = new_classifier(encoders[family], tokenizer, NAMES)
    old = before.get_input_embeddings().weight
    new = after.get_input_embeddings().weight
    assert len(new) == len(old) + 50 == after.config.vocab_size
    assert new[: len(old)].equal(old)
    # Drawn around zero with the published width.
    assert new[len(old) :].std().item() == pytest.approx(0.02, rel=0.15)
    assert abs(new[len(old) :].mean().item()) < 0.003


def test_without_added_tokens_the_embeddings_stay_as_they_are(encoders):
    tokenizer = AutoTokenizer.from_pretrained(encoders["distilbert"])
    model = new_classifier(encoders["distilbert"], tokenizer, NAMES)
    stored = load_file(encoders["distilbert"] / "model.safetensors")
    assert model.get_input_embeddings().weight.equal(stored["embeddings.word_embeddings.weight"])


@pytest.mark.parametrize("family", FAMILIES)
def test_the_classification_head_is_drawn_from_the_seed(family, encoders):
    tokenizer = AutoTokenizer.from_pretrained(encoders[family])

    def head(seed):
        transformers.set_seed(seed)
        model = new_classifier(encoders[family], tokenizer, NAMES)
        return model.state_dict()[HEADS[family]]

    assert head(1).equal(head(1))
    assert not head(1).equal(head(2))


def test_labels_have_the_names_that_are_given(encoders):
    tokenizer = AutoTokenizer.from_pretrained(encoders["distilbert"])
    config = new_classifier(encoders["distilbert"], tokenizer, NAMES).config
    assert config.id2label == {0: "not_dwight", 1: "dwight"}
    assert config.label2id == {"not_dwight": 0, "dwight": 1}
    assert config.problem_type == "single_label_classification"


def test_a_trained_model_is_loaded_in_float32_whatever_it_was_saved_in(encoders, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(encoders["distilbert"])
    model = new_classifier(encoders["distilbert"], tokenizer, NAMES)
    model.to(torch.bfloat16).save_pretrained(tmp_path)
    assert {value.dtype for value in load_classifier(tmp_path).parameters()} == {torch.float32}


# Token ids.


@pytest.fixture(scope="module")
def plain(encoders):
    """A classifier without added tokens."""
    tokenizer = AutoTokenizer.from_pretrained(encoders["distilbert"])
    return new_classifier(encoders["distilbert"], tokenizer, NAMES)


def rows_of(*rows):
    return Dataset.from_dict({"input_ids": rows, "label": [0] * len(rows)})


def test_ids_from_the_first_to_the_last_are_known(plain):
    last = plain.get_input_embeddings().num_embeddings - 1
    check_token_ids(rows_of([0], [last], [3, last, 0]), plain, "tokenized/train")


@pytest.mark.parametrize("rows", [[], [[]], [[], [1]]])
def test_no_rows_and_empty_rows_are_no_fault(rows, plain):
    check_token_ids(rows_of(*rows), plain, "tokenized/valid")


@pytest.mark.parametrize("beyond", [0, 1, 1000])
def test_an_id_without_an_embedding_is_refused_with_its_row(beyond, plain):
    known = plain.get_input_embeddings().num_embeddings
    with pytest.raises(InputError) as caught:
        check_token_ids(rows_of([1, 2], [3, known + beyond, 4]), plain, "tokenized/valid")
    assert str(caught.value) == (
        f"tokenized/valid: row 1 has the token id {known + beyond}, but the model knows the ids "
        f"0 to {known - 1}; tokenize with the tokenizer of this model"
    )


def test_a_negative_id_is_refused_too(plain):
    with pytest.raises(InputError, match=r"row 0 has the token id -1, but"):
        check_token_ids(rows_of([5, -1]), plain, "tokenized/valid")


def test_the_added_tokens_of_another_variant_are_refused(plain, annotated_tokenized):
    with pytest.raises(InputError, match="tokenize with the tokenizer of this model"):
        check_token_ids(load_from_disk(annotated_tokenized)["test"], plain, "annotated/test")
