"""The rooms of the package: their order, their imports, and their list in workflow/README.md.

`make rooms` writes the list.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PACKAGE = PROJECT / "workflow" / "whosaid"
README = PROJECT / "workflow" / "README.md"

ROOMS = {
    "reporting": "what people read",
    "training": "from token ids to models and their predictions",
    "evaluation": "from predictions to what can be said",
    "tokens": "encoders and token ids",
    "corpus": "the CSV, recipes, splits, leaks",
    "jobs": "what surrounds a job",
    "caching": "digests, manifests, atomic writes, records",
    "config": "every key, and what each stage takes of it",
}
"""The purpose of each room, from the top: a room imports only itself and the rooms below it."""

ROOT_MODULES = "whosaid"
"""The name by which the modules beside the rooms are called: they lie below all rooms."""

START = "<!-- generated: make rooms -->\n"
END = "<!-- end of generated -->\n"


def modules(package: Path = PACKAGE) -> list[Path]:
    """The modules of the package that hold something, sorted."""
    return [path for path in sorted(package.rglob("*.py")) if path.name != "__init__.py"]


def module_name(path: Path, package: Path = PACKAGE) -> str:
    """The dotted name of a module, e.g. `whosaid.caching.atomic`."""
    return ".".join([package.name, *path.relative_to(package).with_suffix("").parts])


def room_of(name: str) -> str:
    """The room of a dotted name below `whosaid`, or ROOT_MODULES."""
    parts = name.split(".")
    return parts[1] if len(parts) > 2 or (parts[1:] and parts[1] in ROOMS) else ROOT_MODULES


def imports(path: Path, package: Path = PACKAGE) -> set[str]:
    """The modules and rooms of the package that a module imports, anywhere in it.

    `from whosaid.config import output_paths` counts as `whosaid.config.output_paths`, which is a
    module; `from whosaid.errors import InputError` counts as `whosaid.errors`.
    """
    known = {module_name(each, package) for each in modules(package)}
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module_name(path, package).split(".")[: -node.level] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                part = f"{origin}.{alias.name}"
                found.add(part if part in known else origin)
    return {name for name in found if name.partition(".")[0] == package.name}


def arrows(package: Path = PACKAGE) -> dict[str, set[str]]:
    """What each module imports of the package, by dotted name."""
    return {module_name(path, package): imports(path, package) for path in modules(package)}


def upward(drawn: dict[str, set[str]]) -> Iterator[str]:
    """A line for each arrow of `drawn` that points to a room above its own."""
    order = [*ROOMS, ROOT_MODULES]
    for name, targets in sorted(drawn.items()):
        for target in sorted(targets):
            if order.index(room_of(target)) < order.index(room_of(name)):
                yield f"{name} imports {target}"


def circle(drawn: dict[str, set[str]]) -> list[str]:
    """The modules of an import circle in `drawn`, in its order; empty if there is none."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return way[way.index(name) :]
        if name not in done:
            for target in sorted(drawn.get(name, ())):
                if found := walk(target, [*way, name]):
                    return found
            done.add(name)
        return []

    return next((found for name in sorted(drawn) if (found := walk(name, []))), [])


def first_line(path: Path) -> str:
    """The first line of a module's docstring, empty if it has none."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    return (docstring or "").partition("\n")[0]


def rooms_text(package: Path = PACKAGE) -> str:
    """The list of the rooms as Markdown: a heading each, and a line for each module."""
    lines = []
    for room, purpose in ROOMS.items():
        lines += [f"### `{room}`: {purpose}", ""]
        lines += [f"- `{path.name}`: {first_line(path)}" for path in modules(package / room)]
        lines += [""]
    lines += ["### Below all rooms", ""]
    lines += [f"- `{path.name}`: {first_line(path)}" for path in sorted(package.glob("[!_]*.py"))]
    return "\n".join(lines) + "\n"


def with_rooms(readme: str) -> str:
    """The text of the README with a fresh list between the markers, which are added if missing."""
    if START not in readme:
        readme = f"{readme.rstrip()}\n\n## The rooms\n\n{START}{END}"
    before, _, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    return f"{before}{START}\n{rooms_text()}\n{end}{after}"


def main() -> None:
    """Write the list into workflow/README.md."""
    README.write_text(with_rooms(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
