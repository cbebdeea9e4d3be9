"""The loss of a training: cross-entropy, weighed by class, or focal."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from whosaid.training.loss import MeanLoss

LOGITS = np.random.default_rng(1).normal(0, 3, (40, 3))
LABELS = np.random.default_rng(2).integers(0, 3, 40)
WEIGHTS = np.array([0.5, 1.0, 2.5])


def loss_and_gradient(loss, logits=LOGITS, labels=LABELS, **arguments):
    given = torch.tensor(logits, dtype=torch.float32, requires_grad=True)
    value = loss(SimpleNamespace(logits=given), torch.tensor(labels), **arguments)
    value.backward()
    return value.detach(), given.grad


@pytest.mark.parametrize("gamma", [0.5, 1, 2, 5])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_the_focal_loss_is_that_of_the_paper(weights, gamma):
    odds = np.exp(LOGITS)
    right = (odds / odds.sum(axis=1, keepdims=True))[np.arange(40), LABELS]
    of_rows = -((1 - right) ** gamma) * np.log(right)
    expected = (of_rows if weights is None else weights[LABELS] * of_rows).mean()
    given = None if weights is None else torch.tensor(weights, dtype=torch.float32)
    assert loss_and_gradient(MeanLoss(given, gamma))[0].item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("gamma", [None, 0, 0.0])
@pytest.mark.parametrize("weights", [None, torch.tensor(WEIGHTS, dtype=torch.float32)])
def test_without_a_gamma_it_is_the_cross_entropy_to_the_last_bit(weights, gamma):
    found = loss_and_gradient(MeanLoss(weights, gamma))
    given = torch.tensor(LOGITS, dtype=torch.float32, requires_grad=True)
    labels = torch.tensor(LABELS)
    total = torch.nn.functional.cross_entropy(given, labels, weights, reduction="sum") / 40
    total.backward()
    assert found[0].equal(total.detach()) and found[1].equal(given.grad)


def test_a_small_gamma_is_nearly_the_cross_entropy():
    (one, slope), (other, of_other) = map(loss_and_gradient, (MeanLoss(), MeanLoss(gamma=1e-6)))
    torch.testing.assert_close(one, other, rtol=1e-4, atol=0)
    torch.testing.assert_close(slope, of_other, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.01, 0.5, 1, 2])
def test_a_row_of_which_the_model_is_sure_has_a_gradient_that_is_a_number(gamma):
    """Where p is 1, the slope of (1 - p)^0.5 is infinite, times 0: the gradient was no number."""
    logits = np.array([[200.0, 0.0], [0.0, 200.0], [20.0, 0.0]])
    loss, gradient = loss_and_gradient(MeanLoss(gamma=gamma), logits, np.array([0, 0, 0]))
    assert loss.isfinite() and gradient.isfinite().all()
    assert gradient[0].abs().max() == 0 < gradient[1].abs().max()


def test_rows_that_are_held_out_have_the_plain_loss():
    logits, labels = torch.tensor(LOGITS), torch.tensor(LABELS)
    weighed = MeanLoss(torch.tensor(WEIGHTS), gamma=2)(SimpleNamespace(logits=logits), labels)
    assert weighed.equal(MeanLoss()(SimpleNamespace(logits=logits), labels))


def test_accumulated_batches_are_divided_by_all_their_rows():
    loss = MeanLoss(gamma=2)
    whole, _ = loss_and_gradient(loss)
    parts = [
        loss_and_gradient(
            loss, LOGITS[start : start + 10], LABELS[start : start + 10], num_items_in_batch=40
        )[0]
        for start in range(0, 40, 10)
    ]
    torch.testing.assert_close(sum(parts), whole)
