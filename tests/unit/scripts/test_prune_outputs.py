"""What belongs to no variant of the config."""

from pathlib import Path

from prune_outputs import unused_outputs


def test_the_files_of_a_removed_variant_are_unused(tmp_path, monkeypatch):
    """The pages about tokens of a variant that was removed from the config were never listed."""
    monkeypatch.chdir(tmp_path)
    of_variant = ("tokens/{}.md", "tokens/{}.json", "audit/{}.json", "metrics/{}/test.json")
    of_variant += ("words/{}.json",)
    for name in ("kept", "removed"):
        for pattern in of_variant:
            path = Path("results/toy", pattern.format(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    found = unused_outputs("toy", {"kept": [1]}, [])
    assert [path.relative_to("results/toy").as_posix() for path in found] == [
        *("audit/removed.json", "metrics/removed", "tokens/removed.json", "tokens/removed.md"),
        "words/removed.json",
    ]
