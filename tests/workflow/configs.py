"""The configs of small experiments on the shipped sample."""

from tree import CSV

# Two trainings of three short epochs and a floor, for runs to disturb. The local encoder is copied
# from the one that is built.
SMALL = {
    "experiment": "tiny",
    "corpus": {
        "csv": CSV,
        "target_speaker": "dwight",
        "top_speakers": 10,
        "word_tokenizer": "preserve_line",
    },
    "encoders": {
        "small": {
            "scratch": {
                "architecture": "distilbert",
                "vocab_size": 400,
                "hidden_size": 16,
                "num_hidden_layers": 1,
                "intermediate_size": 16,
            }
        },
        "local": {"path": "encoder"},
    },
    "defaults": {
        "encoder": "small",
        "max_length": 32,
        "training": {
            "num_train_epochs": 3,
            "per_device_train_batch_size": 32,
            "per_device_eval_batch_size": 128,
            "learning_rate": 1.0e-3,
        },
    },
    "statistics": {"resamples": 200},
    "variants": {
        "basic": {},
        "grouped": {"training": {"train_sampling_strategy": "group_by_length"}},
        "floor": {"classifier": "linear"},
    },
}

# One variant with a local encoder.
TINY = {
    "experiment": "tiny",
    "corpus": {
        "csv": CSV,
        "target_speaker": "dwight",
        "top_speakers": 10,
        "word_tokenizer": "preserve_line",
    },
    "encoders": {"local": {"path": "encoder"}},
    "defaults": {
        "encoder": "local",
        "max_length": 32,
        "training": {"num_train_epochs": 1, "learning_rate": 1.0e-3},
    },
    "statistics": {"resamples": 200},
    "variants": {"plain": {}},
}
