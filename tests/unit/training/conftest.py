"""Token ids and classifiers that the tests of training share."""

import pytest
from classifiers import TOKENIZERS, new_model
from datasets import load_from_disk
from transformers import AutoTokenizer, DataCollatorWithPadding

from whosaid.training.packing import LAYERS
from whosaid.training.trainer import model_columns


@pytest.fixture(params=LAYERS)
def architecture(request):
    """Each architecture that is packed."""
    return request.param


@pytest.fixture
def dataset(architecture, tokenized):
    """The folder of token ids for the architecture."""
    return tokenized[TOKENIZERS.get(architecture, "distilbert")]


@pytest.fixture
def tokenizer(dataset):
    return AutoTokenizer.from_pretrained(dataset / "tokenizer")


@pytest.fixture
def rows(dataset):
    """The rows of train as the Trainer gets them."""
    return model_columns(load_from_disk(dataset)["train"])


@pytest.fixture
def build(architecture, tokenizer):
    """A function that returns the same untrained classifier each time."""
    return lambda **arguments: new_model(architecture, tokenizer, **arguments)


@pytest.fixture
def pad(tokenizer):
    """The library's own collator: one row in a sequence."""
    return DataCollatorWithPadding(tokenizer)
