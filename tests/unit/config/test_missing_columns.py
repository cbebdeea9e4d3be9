"""A recipe that asks for what the corpus lacks is refused with the key to map."""

import pytest

from whosaid.config.parse import ConfigError, parse_config

COLUMNS = {"speaker": "Who", "line": "What"}


def problems(columns, scenes=None, corpus=(), **sections):
    raw = {
        "experiment": "toy",
        "corpus": {"csv": "a.csv", "target_speaker": "anna", "columns": columns, **dict(corpus)},
        "encoders": {"small": {"path": "small"}},
        "variants": {"plain": {"encoder": "small"}},
    }
    if scenes is not None:
        raw["corpus"]["scenes"] = scenes
    try:
        parse_config(raw | sections)
    except ConfigError as error:
        return str(error).split("\n")
    return []


def recipe(**keys):
    return {"variants": {"plain": {"encoder": "small", **keys}}}


def grouped(by):
    return recipe(split={"method": "group_shuffle", "group_by": by})


ASKED = {
    "annotate": (recipe(annotate=["mood"]), "corpus.columns.extra, as `mood: its header`"),
    "annotate with a field": (recipe(annotate=["season"]), "map corpus.columns.season"),
    "a feature": (recipe(linear={"features": ["mood"]}), "corpus.columns.extra"),
    "episodes": (grouped("episode"), "map corpus.columns.episode"),
    "scenes": (grouped("scene"), "map corpus.columns.scene, or say by corpus.scenes"),
    "a unit": ({"statistics": {"unit": "episode"}}, "map corpus.columns.episode"),
    "a limit": ({"audit": {"limits": {"shared_scenes": 0}}}, "map corpus.columns.scene"),
}


@pytest.mark.parametrize(("sections", "remedy"), ASKED.values(), ids=ASKED)
def test_what_the_corpus_lacks_is_named_in_one_line(sections, remedy):
    [line] = problems(COLUMNS, **sections)
    assert remedy in line


@pytest.mark.parametrize(("sections", "_"), ASKED.values(), ids=ASKED)
def test_what_is_mapped_may_be_asked_for(sections, _):
    fields = {name: name for name in ("season", "episode", "scene")}
    assert problems(COLUMNS | fields | {"extra": {"mood": "Mood"}}, **sections) == []


def test_scenes_found_by_order_are_scenes():
    assert problems(COLUMNS, scenes="blank_rows", **grouped("scene")) == []


def test_the_answer_is_no_feature():
    [line] = problems(COLUMNS, **recipe(annotate=["speaker"]))
    assert "'speaker': no such column to use" in line


@pytest.mark.parametrize(
    ("corpus", "fault"),
    [
        ({"target_speaker": False}, "corpus.target_speaker: False: YAML reads"),
        ({"target_speaker": 7}, "put it in quotes"),
        ({"csv": []}, "corpus.csv: []: must name a file"),
        ({"csv": ["a.csv", "b{c}.csv"]}, "braces"),
        ({"csv": 3}, "corpus.csv: 3: must be a path, a pattern, or a list of these"),
        ({"encoding": "utf-9"}, "corpus.encoding: 'utf-9': no text encoding"),
        ({"encoding": "base64"}, "corpus.encoding: 'base64': no text encoding"),
        ({"columns": COLUMNS | {"season": "Who"}}, "season and speaker name one header, 'Who'"),
        ({"columns": COLUMNS | {"extra": {"text": "x"}}}, "corpus.columns.extra.text: this name"),
        ({"columns": {"speaker": "Who"}}, "corpus.columns.line: is missing"),
        ({"columns": None, "scenes": "changes"}, "scenes needs columns"),
        ({"scenes": "changes"}, "needs columns.scene"),
        ({"format": "jsonl", "separator": ";"}, "separator is for csv and tsv"),
        (
            {"speakers": {"normalise": "casefold", "aliases": {"A": "x", "a": "y"}}},
            "'A' and 'a' are one name once normalised",
        ),
        ({"speakers": {"aliases": {7: "x"}}}, "corpus.speakers.aliases.7: 7: YAML reads"),
    ],
)
def test_a_fault_in_the_section_corpus_is_named(corpus, fault):
    lines = problems(COLUMNS, corpus=corpus)
    assert [line for line in lines if fault in line], lines


def test_a_config_whose_variants_are_all_null_has_no_variant():
    """The message was "dictionary should have at least 1 item"."""
    [line] = problems(COLUMNS, variants={"plain": None})
    assert line.startswith("variants: no variant is left: each is null")


def test_the_target_is_compared_as_normalised():
    raw = {"csv": "a.csv", "target_speaker": "ANNA ", "speakers": {"normalise": "casefold"}}
    config = parse_config(
        {
            "experiment": "toy",
            "corpus": raw,
            "encoders": {"small": {"path": "small"}},
            "variants": {"plain": {"encoder": "small"}},
        }
    )
    assert config.corpus.target == "anna"


def test_a_numeric_name_of_a_column_is_refused_beside_one_that_is_missing():
    """It ended in a TypeError: the columns of the message were sorted, a number among texts."""
    extra = {1: "Title", "mood": "Scene"}
    lines = problems(COLUMNS | {"extra": extra}, **recipe(annotate=["place"]))
    assert any("'place': no such column" in line for line in lines)
    assert any("corpus.columns.extra.1: a name is a plain word" in line for line in lines)
