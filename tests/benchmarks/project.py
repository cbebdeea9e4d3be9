"""A temporary copy of the project to run, with the CSV and the encoder of a benchmark."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from measure import PROJECT, Finished, run_process

from whosaid.config.model import Config
from whosaid.config.parse import merge, parse_config
from whosaid.config.recipe_section import Variant

SAMPLE = Path("data", "sample", "script_data_processed.csv")


@dataclass(frozen=True)
class Tree:
    """A copy of the project and the config that its runs are given."""

    root: Path
    configfiles: tuple[str, ...]
    config: Config

    def snakemake(
        self,
        *arguments: str,
        cores: int | None = None,
        environment: dict[str, str] | None = None,
    ) -> Finished:
        """Run Snakemake on that many of our cores (all of them)."""
        # Snakemake's own output has more to read numbers from.
        command = [sys.executable, "-m", "snakemake", *arguments, "--quiet", "host"]
        command += ["--cores", str(cores or len(os.sched_getaffinity(0)))]
        if self.configfiles:
            command += ["--configfile", *self.configfiles]
        variables = {"PYTHONPATH": "", **(environment or {})}
        return run_process(command, self.root, cores, variables)

    def encoder_variants(self) -> dict[str, Variant]:
        """The variants that fine-tune an encoder, by name."""
        specs = self.config.variants.items()
        return {name: spec for name, spec in specs if spec.classifier == "encoder"}

    def encoder(self, variant: str) -> str:
        """The folder of a variant's encoder."""
        name = self.config.variants[variant].encoder
        return f"data/{self.config.experiment}/encoders/{name}"

    def tokenized(self, variant: str) -> str:
        """The folder of a variant's token ids."""
        return f"data/{self.config.experiment}/tokenized/{variant}"


def copy_project(root: Path) -> None:
    """Copy what a run needs: rules, package, config, profile, the sample."""
    for name in ("workflow", "config", "envs", "profiles"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / name, root / name, ignore=ignored)
    shutil.copy(PROJECT / "Snakefile", root)
    (root / SAMPLE).parent.mkdir(parents=True)
    shutil.copy(PROJECT / SAMPLE, root / SAMPLE)


def make_tree(
    root: Path,
    csv: str | None = None,
    encoder: str | None = None,
    changes: dict[str, Any] | None = None,
) -> Tree:
    """The project with the shipped sample, or with a CSV of the published form.

    An `encoder` folder takes the role of every encoder of the config; without one they are built
    from scratch. `changes` go over the resulting config.
    """
    copy_project(root)
    files = ["config/config.yaml"]
    overlay: dict = {}
    if csv is not None:
        files += ["config/office.yaml", "config/office_minilm.yaml"]
        overlay = {"corpus": {"csv": str(Path(csv).resolve())}}
        scratch = {"hub": None, "path": None}
        overlay["encoders"] = {
            name: {**scratch, "scratch": {"architecture": name}}
            for name in ("distilbert", "roberta")
        }
    if encoder is not None:
        source = {"hub": None, "scratch": None, "path": str(Path(encoder).resolve())}
        overlay["encoders"] = dict.fromkeys(("distilbert", "roberta"), source)
    overlay = merge(overlay, changes or {})
    if overlay:
        path = root / "config" / "benchmark.yaml"
        path.write_text(yaml.safe_dump(overlay), encoding="utf-8")
        files.append("config/benchmark.yaml")
    raw: dict = {}
    for file in files:
        raw = merge(raw, yaml.safe_load((root / file).read_text(encoding="utf-8")))
    return Tree(root, tuple(files[1:]), parse_config(raw))
