"""The order of seasons and episodes, whose names may be numbers or texts."""


def by_number(name: object) -> tuple[bool, int, str]:
    """A key for sorting: whole numbers as numbers, and before all other names."""
    text = str(name)
    is_number = text.isdecimal()
    return not is_number, int(text) if is_number else 0, text
