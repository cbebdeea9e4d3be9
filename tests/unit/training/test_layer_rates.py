"""The learning rate of each parameter falls from the head to the embeddings."""

import re

import pytest
from classifiers import assert_close, new_model
from transformers import AutoTokenizer, Trainer

from whosaid.errors import InputError
from whosaid.training.layer_rates import depths
from whosaid.training.train import used_ids
from whosaid.training.trainer import build_trainer
from whosaid.training.used_embeddings import (
    UsedEmbedding,
    restore_embeddings,
    restrict_embeddings,
)

KNOWN = ("bert", "roberta", "distilbert", "deberta-v2", "modernbert", "electra", "mpnet")
LAYER = re.compile(r"\.layers?\.(\d+)\.")
EMBEDDINGS = re.compile(r"embeddings|relative_attention_bias|encoder\.LayerNorm")


@pytest.fixture(params=KNOWN)
def architecture(request):
    """Each architecture whose layers are known to be found."""
    return request.param


def expected_depth(name):
    """The depth of a parameter of two layers, by its name."""
    if layer := LAYER.search(name):
        return 2 - int(layer[1])
    return 3 if EMBEDDINGS.search(name) else 0


@pytest.fixture
def trainer_of(build, tokenizer, rows, tmp_path):
    """A function that makes a Trainer of an untrained classifier, which it may change."""

    def make(decay, change=lambda model: None, **arguments):
        model = build()
        change(model)
        return build_trainer(
            model,
            tokenizer,
            {"train": rows, "test": rows},
            "target",
            precision="float32",
            layerwise_learning_rate_decay=decay,
            output_dir=str(tmp_path),
            learning_rate=0.01,
            weight_decay=0.1,
            seed=3,
            save_strategy="no",
            **arguments,
        )

    return make


def test_each_parameter_has_the_depth_of_its_layer(build):
    model = build()
    depth_of = depths(model)
    found = {name: depth_of[each] for name, each in model.named_parameters()}
    assert found == {name: expected_depth(name) for name in found}
    assert {*found.values()} == {0, 1, 2, 3}


def groups_of(trainer):
    """The learning rate and the weight decay of each parameter, by its name."""
    optimizer = trainer.create_optimizer()
    names = {each: name for name, each in trainer.model.named_parameters()}
    return {
        names[each]: (group["lr"], group["weight_decay"])
        for group in optimizer.param_groups
        for each in group["params"]
    }


def test_rates_fall_by_the_factor_and_weight_decay_is_the_trainers_own(trainer_of):
    plain, ours = groups_of(trainer_of(None)), groups_of(trainer_of(0.5))
    assert ours.keys() == plain.keys()
    for name, (rate, decay) in ours.items():
        assert rate == pytest.approx(0.01 * 0.5 ** expected_depth(name))
        assert decay == plain[name][1]
    assert {decay for _, decay in ours.values()} == {0, 0.1}


@pytest.mark.parametrize("architecture", ["distilbert"], indirect=True)
def test_the_rate_that_is_logged_is_the_heads(trainer_of):
    trainer = trainer_of(0.5, max_steps=2, logging_steps=1, lr_scheduler_type="constant")
    trainer.train()
    rates = [entry["learning_rate"] for entry in trainer.state.log_history if "loss" in entry]
    assert rates == [0.01, 0.01]


@pytest.mark.parametrize("architecture", ["distilbert"], indirect=True)
@pytest.mark.parametrize("decay", [None, 1, 1.0])
def test_a_factor_of_one_is_the_plain_trainer(decay, trainer_of):
    assert type(trainer_of(decay)) is Trainer


@pytest.mark.parametrize("architecture", ["distilbert", "roberta"], indirect=True)
def test_embeddings_of_used_tokens_alone_learn_as_all_of_them(
    trainer_of, rows, tokenizer, architecture
):
    def restrict(model):
        restrict_embeddings(model, used_ids({"train": rows}, tokenizer.pad_token_id))
        assert isinstance(model.get_input_embeddings(), UsedEmbedding)

    trained = []
    for change in (lambda model: None, restrict):
        trainer = trainer_of(0.5, change, max_steps=4)
        trainer.train()
        restore_embeddings(trainer.model)
        trained.append(trainer.model.state_dict())
    assert_close(*trained, 1e-5)


def test_an_encoder_whose_layers_share_their_weights_is_refused(tokenized):
    tokenizer = AutoTokenizer.from_pretrained(tokenized["distilbert"] / "tokenizer")
    with pytest.raises(InputError) as refused:
        depths(new_model("albert", tokenizer))
    assert str(refused.value) == (
        "training.layerwise_learning_rate_decay: the layers of an encoder of the type albert are "
        "not known, since it has 0 lists of 2 layers where one is expected, as in BERT, RoBERTa, "
        "DistilBERT, DeBERTa, ModernBERT and ELECTRA; set the key to null, or take another encoder"
    )
