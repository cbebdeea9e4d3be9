"""The generated parts of config/ are those of the model, and the pins agree."""

import json
import re

import pytest
import yaml

from whosaid.config import manual
from whosaid.config.parse import merge, parse_config, read_config_file

PROJECT = manual.CONFIG_DIR.parent
EXAMPLES = [
    block
    for page in ("README.md", "config/README.md")
    for block in re.findall("```yaml\n(.*?)```", (PROJECT / page).read_text("utf-8"), re.S)
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.split("\n")[-2].strip())
def test_every_example_is_an_overlay_of_the_base_config(example):
    """The one for a script of your own was refused: it kept variants that need its directors."""
    overlay = yaml.safe_load(example)
    base = read_config_file(str(PROJECT / "config" / "config.yaml"))
    assert parse_config(merge(base, overlay)).variants


def test_the_manual_lists_the_keys_of_the_model():
    text = (PROJECT / "config" / "README.md").read_text(encoding="utf-8")
    assert manual.manual(text) == text, "run `make manual`"


def test_the_schema_is_that_of_the_model():
    schema = json.loads((PROJECT / "config" / "schema.json").read_text(encoding="utf-8"))
    assert schema == manual.json_schema(), "run `make manual`"


def test_every_key_has_a_description():
    sections = [section for _, section in manual.sections()]
    undescribed = [
        f"{section.__name__}.{key}"
        for section in sections
        for key, field in section.model_fields.items()
        if not field.description
    ]
    assert undescribed == []


def test_conda_and_pip_pin_the_same_packages():
    environment = yaml.safe_load((PROJECT / "envs" / "environment.yaml").read_text())
    conda = environment["dependencies"][-1]["pip"]
    pip = (PROJECT / "envs" / "requirements.txt").read_text().splitlines()
    assert conda == [line for line in pip if "==" in line]


def test_constraints_agree_with_the_direct_pins():
    constraints = (PROJECT / "envs" / "constraints.txt").read_text().splitlines()
    for name in sorted(path.name for path in (PROJECT / "envs").glob("requirements*.txt")):
        for line in (PROJECT / "envs" / name).read_text().splitlines():
            if "==" in line and not line.startswith("torch=="):
                assert line.replace("-", "_") in [pin.replace("-", "_") for pin in constraints]
