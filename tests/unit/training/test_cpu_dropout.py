"""The cheaper dropout drops as the library's does, and its attention is the library's."""

import pytest
import torch
from classifiers import assert_close, gradients
from torch import nn

from whosaid.training.cpu_dropout import Dropout, dropout, use_cpu_dropout


def test_attention_gives_the_logits_and_gradients_of_the_librarys(build, rows, pad):
    results = []
    for change in (use_cpu_dropout, lambda model: None):
        model = build()
        change(model)
        output = model(**pad([rows[number] for number in range(24)]))
        output.loss.backward()
        results.append({"logits": output.logits.detach(), **gradients(model)})
    assert_close(*results, 1e-6)


def test_outside_of_training_the_logits_are_the_librarys(build, rows, pad):
    batch = pad([rows[number] for number in range(24)])
    plain, changed = build(dropout=0.3).eval(), build(dropout=0.3).eval()
    use_cpu_dropout(changed)
    with torch.no_grad():
        assert changed(**batch).logits.equal(plain(**batch).logits)


def test_attention_weights_are_dropped_too(build, rows, pad):
    model = build()
    use_cpu_dropout(model)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    batch = pad([rows[number] for number in range(24)])
    with torch.no_grad():
        assert model(**batch).logits.equal(model(**batch).logits)
        for module in model.modules():
            for name in ("attention_dropout", "dropout_prob"):
                if isinstance(getattr(module, name, None), float):
                    setattr(module, name, 0.5)
            # BERT and RoBERTa read it from this layer, and never call it.
            if type(module).__name__.endswith("SelfAttention") and hasattr(module, "dropout"):
                module.dropout.p = 0.5
        assert not model(**batch).logits.equal(model(**batch).logits)


def test_all_dropout_of_a_model_is_replaced(build):
    model = build(dropout=0.3)
    before = [m.p for m in model.modules() if isinstance(m, nn.Dropout)]
    use_cpu_dropout(model)
    after = [m for m in model.modules() if isinstance(m, nn.Dropout)]
    assert [m.p for m in after] == before
    assert {type(m) for m in after} == {Dropout}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("p", [0.1, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(p, dtype):
    torch.manual_seed(1)
    ones = torch.ones(401, 999, dtype=dtype, requires_grad=True)
    dropped = dropout(ones, p)
    assert dropped.dtype == dtype
    share = (dropped == 0).double().mean().item()
    assert share == pytest.approx(p, abs=5 * (p * (1 - p) / ones.numel()) ** 0.5)
    assert dropped.max().item() == pytest.approx(1 / (1 - p), rel=1e-2)
    # Neighbours and rows are dropped independently.
    is_dropped = (dropped == 0).double()
    for one, other in (
        (is_dropped[:, 1:], is_dropped[:, :-1]),
        (is_dropped[1:], is_dropped[:-1]),
    ):
        assert (one * other).mean().item() == pytest.approx(p * p, abs=0.003)
    dropped.sum().backward()
    assert ones.grad.equal(dropped.detach())
    torch.manual_seed(1)
    assert dropout(ones, p).equal(dropped)


def test_dropout_does_nothing_outside_of_training():
    values = torch.randn(5, 7)
    assert Dropout(0.3).eval()(values).equal(values)
    assert dropout(values, 0.0).equal(values)
    assert dropout(values, 1.0).eq(0).all()
