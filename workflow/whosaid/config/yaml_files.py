"""Reads config files: finds doubled keys and names the file that a fault comes from."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from whosaid.config.model import Config
from whosaid.config.parse import ConfigError, check_corpus, in_base_order, parse_config


class _UniqueKeyLoader(yaml.SafeLoader):
    """Rejects a key that occurs twice in a mapping, where YAML would use the last one."""

    def construct_mapping(self, node, deep=False):
        keys = [
            self.construct_object(key, deep=True)
            for key, _ in node.value
            if key.tag != "tag:yaml.org,2002:merge"  # << may occur more than once
        ]
        for key in keys:
            if keys.count(key) > 1:
                mark = node.start_mark
                fault = f"stands twice in the mapping at line {mark.line + 1} of {mark.name}"
                raise ConfigError([((str(key),), fault)])
        return super().construct_mapping(node, deep)


def read_config_file(path: str) -> dict[str, Any]:
    """The content of a YAML or JSON config file.

    Raises ConfigError if a key occurs twice in one mapping.
    """
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, _UniqueKeyLoader) or {}


def load_config(
    files: Sequence[str], merged: Mapping[str, Any], overrides: Mapping[str, Any]
) -> Config:
    """The checked config from what Snakemake `merged` of the `files` and the `overrides`.

    `files` are the base config and the overlays in order, `overrides` what `--config` gives. Ends
    the run by SystemExit with one line for each fault, which names the place that the fault comes
    from: Snakemake would print a WorkflowError with its traceback.
    """
    sources: dict[str, Any] = {}
    try:
        for path in files:
            sources[path] = read_config_file(path)
        sources["--config"] = overrides
        config = parse_config(in_base_order(merged, sources.values()))
        # Checked here and not in an input function: if one fails, Snakemake concludes that the rule
        # cannot make its output, and accepts an older results/summary.md as finished.
        check_corpus(config)
    except ConfigError as error:
        sys.exit(error.report(sources))
    return config
