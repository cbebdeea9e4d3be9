"""The packages that write and run ONNX files, which are not installed by default."""

import importlib.util

from whosaid.errors import InputError

PACKAGES = ("onnx", "onnxruntime", "onnxscript")


def check_installed() -> None:
    """Raise InputError, which says what to type, if a package is missing."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"FORMAT=onnx: {', '.join(missing)} not installed; type "
            "`.venv/bin/pip install -c envs/constraints.txt -r envs/requirements_onnx.txt`"
        )
