"""One store of trained models, used by two checkouts that want the same model at the same time.

A training is stood in for by one that asks at each of its steps whether to go on, so that each kill
strikes at a known moment.
"""

import multiprocessing
import os
import random
from multiprocessing.connection import wait
from pathlib import Path

import pytest
import train_model

from whosaid.caching import atomic
from whosaid.caching.manifest import check_manifest, digests, write_manifest

ROUNDS = 50
FILES = ("config.json", "model.safetensors", "training.json")


def checkout(pipe, model, store, inputs, seed):
    """What the job `train_model` of a checkout does, with a stand-in for the training itself."""
    atomic.PARENT = os.getppid()  # this process was forked after that was read

    def step(name):
        pipe.send(name)
        pipe.recv()

    def train(entry, seed, **given):
        step("begins to train")
        entry = Path(entry)
        with atomic.atomic_write(entry / "model", even_orphaned=True) as partial:
            partial.mkdir()
            for name in FILES:
                (partial / name).write_text(f"{name} of seed {seed}", encoding="utf-8")
                step(name)
            write_manifest(partial, key=entry.name)
            step("manifest")

    train_model.train = train
    train_model.main(**inputs, model=str(model), store=str(store), seed=seed)
    pipe.send("done")


@pytest.mark.slow
def test_both_end_with_the_model_whoever_is_killed_when(tmp_path, tokenized, encoders, training):
    inputs = {
        "tokenized": str(tokenized["distilbert"]),
        "encoder": str(encoders["distilbert"]),
        "question": "target",
        "training": training,
        "code": "one",
    }
    store, rng, context = tmp_path / "store", random.Random(3), multiprocessing.get_context("fork")
    trained = killed = 0
    for seed in range(ROUNDS):
        models = [tmp_path / f"checkout_{each}" / f"seed_{seed}" for each in (1, 2)]
        running = {}

        def start(model, seed=seed, running=running):
            ours, theirs = context.Pipe()
            given = (theirs, model, store, inputs, seed)
            process = context.Process(target=checkout, args=given, daemon=True)
            process.start()
            theirs.close()
            running[ours] = (process, model)

        for model in models:
            start(model)
        kills = rng.randint(0, 3)
        while running:
            for pipe in wait([*running]):
                process, model = running[pipe]
                said = pipe.recv()
                trained += said == "begins to train"
                if said == "done":
                    process.join()
                    assert process.exitcode == 0
                    del running[pipe]
                elif kills and rng.random() < 0.4:
                    process.kill()
                    process.join()
                    del running[pipe]
                    kills, killed = kills - 1, killed + 1
                    start(model)
                else:
                    pipe.send("go on")
        for model in models:
            check_manifest(model)
            assert {*digests(model)} == {*FILES}
            assert (model / FILES[1]).read_text() == f"{FILES[1]} of seed {seed}"
    assert killed > ROUNDS // 2
    assert trained == ROUNDS + killed  # all kills struck a training, and nothing was trained twice
    assert len([*store.glob("*/model")]) == ROUNDS
    assert not [*store.rglob(".*.partial")]
