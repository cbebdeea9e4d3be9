"""What an exported model says in a Python that knows nothing of whosaid."""

import json
import subprocess
import sys
from pathlib import Path

# With `-I` neither the working folder nor PYTHONPATH is looked at.
ASK = """
import importlib.util
import json
import sys

assert importlib.util.find_spec("whosaid") is None
from transformers import pipeline

folder, texts = sys.argv[1], json.loads(sys.stdin.read())
answers = pipeline("text-classification", folder, truncation=True)(texts, top_k=None)
print(json.dumps([{each["label"]: each["score"] for each in answer} for answer in answers]))
"""


def run_isolated(code: str, *arguments: str, given: str = "") -> str:
    """What the code prints."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, *arguments],
        input=given,
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def answers(folder: Path, texts: list[str]) -> list[dict[str, float]]:
    """The probabilities by label that a pipeline gives for each text."""
    return json.loads(run_isolated(ASK, str(folder), given=json.dumps(texts)))
