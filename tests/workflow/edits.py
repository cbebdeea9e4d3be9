"""The ways to change a tree. Each function gives an edit, to be made in a tree later."""

import ast
import csv
import os
from collections.abc import Callable, Collection
from typing import Any

import pytest
from tree import CSV, Tree

YEAR_2001 = 1_000_000_000

Edit = Callable[[Tree], None]


def replace(path: str, old: str, new: str) -> Edit:
    return lambda tree: tree.edit(path, old, new)


def append(path: str, text: str) -> Edit:
    return lambda tree: tree.append(path, text)


def edit_code(path: str) -> Edit:
    """Add a statement: new code, whatever it does."""
    return append(f"workflow/{path}.py", "\nEDITED = True\n")


def set_key(path: str, value: Any) -> Edit:
    """Set a key of the config by its dotted path."""
    *sections, key = path.split(".")

    def change(config: dict) -> None:
        for name in sections:
            config = config.setdefault(name, {})
        config[key] = value

    return lambda tree: tree.configure(change)


def reorder_variants(order: Callable[[list[str]], list[str]], **names: str) -> Edit:
    """Put the variants into another order, leave some out or give them other `names`."""

    def change(config: dict) -> None:
        variants = config["variants"]
        config["variants"] = {
            names.get(name, name): variants[name] for name in order(list(variants))
        }

    return lambda tree: tree.configure(change)


def reverse_all_keys(tree: Tree) -> None:
    """Reverse the keys of every mapping of the config but the variants' own order."""

    def reverse(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: reverse(value[key]) for key in reversed(value)}

    def change(config: dict) -> None:
        variants = list(config["variants"])
        turned = reverse(config)
        turned["variants"] = {name: turned["variants"][name] for name in variants}
        config.clear()
        config.update(turned)

    tree.configure(change)


def read_rows(tree: Tree) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of the CSV."""
    with (tree.root / CSV).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def write_rows(tree: Tree, header: list[str], rows: list[list[str]]) -> None:
    with (tree.root / CSV).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def set_cell(speaker: str, column: str, value: str) -> Edit:
    """Change one cell of the first line of a speaker in the CSV."""

    def edit(tree: Tree) -> None:
        header, rows = read_rows(tree)
        of_speaker = next(row for row in rows if row[header.index("speaker")] == speaker)
        of_speaker[header.index(column)] = value
        write_rows(tree, header, rows)

    return edit


def touch(*paths: str) -> Edit:
    """Give files, or all files of folders, the current time."""

    def edit(tree: Tree) -> None:
        for path in paths:
            for file in [tree.root / path, *(tree.root / path).rglob("*")]:
                os.utime(file)

    return edit


def backdated(path: str, change: Edit) -> Edit:
    """Make a change and give the file a modification time of long ago."""

    def edit(tree: Tree) -> None:
        change(tree)
        os.utime(tree.root / path, (YEAR_2001, YEAR_2001))

    return edit


def truncate(path: str) -> Edit:
    return lambda tree: os.truncate(tree.root / path, 1000)


def remove(path: str) -> Edit:
    return lambda tree: tree.remove(path)


def edit_all(*edits: Edit) -> Edit:
    """Several edits in turn."""

    def edit(tree: Tree) -> None:
        for each in edits:
            each(tree)

    return edit


def touch_in_reverse(tree: Tree) -> None:
    """Make every input newer than what was made of it."""
    made = [path for folder in ("data", "results") for path in (tree.root / folder).rglob("*")]
    files = [path for path in made if path.suffix in (".csv", ".json", ".md", ".parquet")]
    for age, path in enumerate(sorted(files, key=lambda path: path.stat().st_mtime)):
        os.utime(path, (YEAR_2001 - age, YEAR_2001 - age))


def reformat(path: str) -> Edit:
    """Write a module as `ast.unparse` does, which keeps no comment, quote or line break."""

    def edit(tree: Tree) -> None:
        file = tree.root / path
        text = file.read_text(encoding="utf-8")
        assert ast.unparse(ast.parse(text)) != text
        file.write_text(ast.unparse(ast.parse(text)), encoding="utf-8")

    return edit


def plant_package(tree: Tree, name: str, version: str) -> str:
    """Install the metadata of a package; the folder is to stand first on Python's path."""
    folder = tree.root.parent / "site" / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (folder / "METADATA").write_text(text, encoding="utf-8")
    return str(folder.parent)


def cases(table: dict[str, tuple], quick: Collection[str] | None = None):
    """The table as parameters, under the changes' names; only the `quick` ones, if given, are."""
    slow = {} if quick is None else {name: [pytest.mark.slow] for name in table.keys() - {*quick}}
    return [pytest.param(*row, id=name, marks=slow.get(name, [])) for name, row in table.items()]
