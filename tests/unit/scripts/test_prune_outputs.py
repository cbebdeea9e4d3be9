"""What belongs to no variant of the config."""

from pathlib import Path

from prune_outputs import main, unused_outputs


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


def test_the_page_of_an_informal_test_that_the_config_no_longer_has_is_unused(
    tmp_path, monkeypatch
):
    """The page stayed in the results unlisted after `informal_test` was emptied."""
    monkeypatch.chdir(tmp_path)
    page = Path("results/toy/informal_test.md")
    page.parent.mkdir(parents=True)
    page.touch()
    assert unused_outputs("toy", {}, [], []) == [page]
    assert unused_outputs("toy", {}, [], [str(page)]) == []


def test_the_advice_says_that_the_config_is_to_be_given_again(tmp_path, monkeypatch, caplog):
    """The command, typed as it was shown, pruned the experiment of the base config."""
    monkeypatch.chdir(tmp_path)
    Path("results/toy/audit").mkdir(parents=True)
    Path("results/toy/audit/removed.json").touch()
    with caplog.at_level("INFO"):
        main("toy", {}, [], [], delete=False)
    assert "put the same --configfile and --config behind it" in caplog.messages[-1]
