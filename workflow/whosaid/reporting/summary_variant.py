"""The files of each variant, from which the summary page takes its numbers."""

from dataclasses import dataclass

from whosaid.config.tracks import Track
from whosaid.reporting.addressed_numbers import AddressedNumbers
from whosaid.split_names import SPLITS


@dataclass(frozen=True)
class Variant:
    """The files of a variant: the metrics of each split, the training record of each seed.

    `settings` is the summary's own JSON file and the keys that lead to the variant in it.
    """

    name: str
    is_baseline: bool
    track: Track
    settings: tuple[str, str, str, int]
    metrics: dict[str, str]
    records: list[str]

    def title(self, numbers: AddressedNumbers) -> str:
        """The title, as `numbers` has it."""
        return numbers.text(*self.settings, "title", form="text")


def read_variants(
    numbers: AddressedNumbers,
    settings: str,
    variants: list[dict],
    metrics: list[str],
    records: list[str],
) -> list[Variant]:
    """The files of each variant; `records` is in the order of the `variants` and their seeds."""
    of_splits: dict[str, dict[str, str]] = {}
    for path in metrics:
        result = numbers.value(path)
        of_splits.setdefault(result["variant"], {})[result["split"]] = path
    remaining = iter(records)
    return [
        Variant(
            name=variant["name"],
            is_baseline=variant["is_baseline"],
            track=variant["track"],
            settings=(settings, "settings", "variants", place),
            metrics={split: of_splits[variant["name"]][split] for split in SPLITS},
            records=[next(remaining) for _ in variant["seeds"]],
        )
        for place, variant in enumerate(variants)
    ]
