"""What a user can do about a full disk, missing permissions or too little memory."""

import errno

ADVICE = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "your disk quota is used up; free some space",
    errno.EROFS: "the folder is read-only; make it writable",
    errno.EACCES: "the folder may not be written to; make it writable",
    errno.ENOMEM: "there is not enough memory; free some",
}

LESS_MEMORY = {
    **dict.fromkeys(
        ("train_model", "predict_splits", "predict_new_lines", "weigh_words"),
        "use a smaller batch size",
    ),
    **dict.fromkeys(
        ("evaluate_splits", "evaluate_slices", "compare_variants"),
        "set a smaller statistics.resamples",
    ),
    "split_lines": "set a smaller resample.oversample_positives",
}
"""What makes a stage need less memory."""

# Libraries written in C++ or Rust often pass on only the text of the system's error.
TEXTS = {
    "No space left on device": errno.ENOSPC,
    "Disk quota exceeded": errno.EDQUOT,
    "Read-only file system": errno.EROFS,
    "PytorchStreamWriter failed writing": errno.ENOSPC,
    "unexpected pos": errno.ENOSPC,  # PyTorch's zip writer, when a write before it failed
    "can't allocate memory": errno.ENOMEM,
    "out of memory": errno.ENOMEM,
    "malloc of size": errno.ENOMEM,
}


def resource_advice(error: BaseException | None, stage: str | None = None) -> str | None:
    """What to do about a full disk, missing permissions or too little memory; else None.

    Looks at `error` and at the errors that caused it. With too little memory it says what makes the
    `stage` need less.
    """
    while error is not None:
        number = _number_of(error)
        if number == errno.ENOMEM and stage in LESS_MEMORY:
            return f"{ADVICE[number]}, or {LESS_MEMORY[stage]}"
        if number is not None:
            return ADVICE[number]
        error = error.__cause__ or error.__context__
    return None


def _number_of(error: BaseException) -> int | None:
    """The number of the system's error, if there is advice about it."""
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    if isinstance(error, OSError) and error.errno in ADVICE:
        return error.errno
    return next((number for text, number in TEXTS.items() if text in str(error)), None)
