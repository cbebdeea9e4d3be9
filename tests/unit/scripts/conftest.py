"""What the tests of training share: a store in which one training follows the other."""

import signal

import pytest
import train_model


@pytest.fixture
def in_one_store(tokenized, encoders, training, tmp_path):
    """A function that runs the stage with one store, and returns the folder of the model."""

    def run(
        name="model", seed=42, code="recipe", question="target", nodes=1, launcher=None, **changes
    ):
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            train_model.main(
                tokenized=str(tokenized["distilbert"]),
                encoder=str(encoders["distilbert"]),
                model=str(tmp_path / name),
                store=str(tmp_path / "store"),
                code=code,
                question=question,
                training=training | {"num_train_epochs": 2} | changes,
                seed=seed,
                nodes=nodes,
                launcher=launcher,
            )
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return tmp_path / name

    return run
