"""What a run lacks of profiles/default is said in one line."""

from pathlib import Path

import pytest
import yaml

from whosaid.jobs.profile_check import (
    CONSEQUENCES,
    warn_of_gpu_limit,
    warn_of_missing_settings,
)

PROFILE = Path(__file__).parents[3] / "profiles" / "default" / "config.yaml"
IN_FORCE = dict.fromkeys(CONSEQUENCES, True)


def test_every_key_that_is_checked_is_in_the_profile():
    assert set(CONSEQUENCES) <= set(yaml.safe_load(PROFILE.read_text(encoding="utf-8")))


def test_nothing_is_said_with_the_default_profile(capsys):
    warn_of_missing_settings(IN_FORCE)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("lacking", [["nolock"], ["rerun-triggers", "resources"]])
def test_one_line_names_each_lacking_key_and_what_follows(lacking, capsys):
    warn_of_missing_settings(IN_FORCE | dict.fromkeys(lacking, False))
    [line] = capsys.readouterr().err.splitlines()
    for key, what in CONSEQUENCES.items():
        assert (f"{key} ({what})" in line) == (key in lacking)
    assert "profiles/default/config.yaml" in line


@pytest.mark.parametrize(("gpus", "lines"), [(1, 1), (4, 0), (None, 0)])
def test_a_limit_for_one_machine_is_told_of_on_a_cluster(gpus, lines, capsys):
    """With `--profile profiles/slurm` the default profile's limit holds too, and slows all down."""
    warn_of_gpu_limit(gpus)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == lines
    assert all("--workflow-profile" in line for line in said)
