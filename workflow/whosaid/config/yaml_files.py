"""Reads single config files, to find doubled keys and the file that a key comes from."""

from typing import Any

import yaml

from whosaid.config.parse import ConfigError


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
