"""What a user can do about a full disk, missing permissions or too little memory."""

import errno

ADVICE = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "your disk quota is used up; free some space",
    errno.EROFS: "the folder is read-only; make it writable",
    errno.EACCES: "the folder may not be written to; make it writable",
    errno.ENOMEM: "there is not enough memory; free some, or use a smaller batch size",
}

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


def resource_advice(error: BaseException | None) -> str | None:
    """What to do about a full disk, missing permissions or too little memory; else None.

    Looks at `error` and at the errors that caused it.
    """
    while error is not None:
        if isinstance(error, MemoryError):
            return ADVICE[errno.ENOMEM]
        if isinstance(error, OSError) and error.errno in ADVICE:
            return ADVICE[error.errno]
        for text, number in TEXTS.items():
            if text in str(error):
                return ADVICE[number]
        error = error.__cause__ or error.__context__
    return None
