"""What the splits are for, in words."""

from collections.abc import Callable, Mapping

from whosaid.reporting.addressed_numbers import AddressedNumbers


def split_roles(
    numbers: AddressedNumbers, files: Mapping[str, Mapping[str, str]], title: Callable[[str], str]
) -> str:
    """What each split is for; apart, what it is for in variants that use it for more.

    `files` are the paths of the metric files, by variant, the reference first, and by split.
    `title` makes the title of a variant of its name.
    """
    told: dict[tuple[str, str], list[str]] = {}
    for name, of_splits in files.items():
        for split, path in of_splits.items():
            told.setdefault((split, numbers.value(path, "role")), []).append(name)
    parts, reference = [], next(iter(files))
    for (split, _), names in told.items():
        of = "" if reference in names else f" of {', '.join(map(title, names))}"
        role = numbers.text(files[names[0]][split], "role", form="text")
        parts.append(f"*{split}*{of}: {role}")
    return " ".join(parts)
