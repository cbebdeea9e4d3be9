import hashlib
import re

import numpy as np
import pandas as pd
import pytest
from errors_page_files import (
    NASTY,
    OWN_SCRIPTS,
    TABULATOR,
    VARIANTS,
    data_of,
    made_up_lines,
    make_page,
)

from whosaid.evaluation.mean_prediction import mean_prediction
from whosaid.evaluation.predictions import Predictions
from whosaid.reporting.errors_page import (
    AROUND,
    errors_page,
    json_in_html,
    lines_around,
    page_data,
)

HELD_OUT = ("test", "valid")


@pytest.fixture(scope="module", params=["target", "speakers"])
def made(request, tmp_path_factory):
    return make_page(tmp_path_factory.mktemp("page"), request.param)


@pytest.fixture(scope="module")
def rows(made):
    """A frame with a row for each prediction, in the order of the page."""
    frame = pd.DataFrame({k: v for k, v in made.data["rows"].items() if k != "seeds"})
    lines = pd.DataFrame(made.data["lines"])
    return frame.join(lines[["text", "words", "scene"]], on="line")


def of(rows, variant, split):
    return rows[(rows["variant"] == variant) & (rows["split"] == HELD_OUT.index(split))]


@pytest.mark.parametrize("split", HELD_OUT)
@pytest.mark.parametrize("variant", range(3))
def test_the_rows_are_those_of_the_metric_files(made, rows, variant, split):
    found = of(rows, variant, split)
    metrics = made.metrics[VARIANTS[variant]["name"], split]
    seeds = len(VARIANTS[variant]["seeds"])
    assert len(found) == metrics["rows"] == found["line"].nunique()
    assert found["abstained"].sum() == metrics["abstained"]["rows"]
    accuracy = (found["seeds_right"] / seeds).mean()
    assert accuracy == pytest.approx(metrics["metrics"]["accuracy"], abs=1e-12)
    if seeds == 1:
        right = (found["label"] == found["predicted"]).sum()
        assert right == round(metrics["metrics"]["accuracy"] * len(found))
    assert (found["abstained"].sum() > 0) == (variant == 1)


def test_the_surest_mistakes_come_first(rows):
    right = rows["label"] == rows["predicted"]
    assert right.is_monotonic_increasing and not right.iloc[0]
    for is_right, abstained in ((False, 0), (False, 1), (True, 0), (True, 1)):
        part = rows[(right == is_right) & (rows["abstained"] == abstained)]
        confidence = part["confidence"]
        assert (
            confidence.is_monotonic_increasing if is_right else confidence.is_monotonic_decreasing
        )
    wrong = rows[~right]
    assert wrong["abstained"].is_monotonic_increasing and wrong["abstained"].iloc[-1] == 1


def test_a_seed_that_a_variant_lacks_has_no_probability(made, rows):
    seeds = pd.DataFrame(made.data["rows"]["seeds"]).T
    is_floor = rows["variant"] == 2
    assert seeds[0].notna().all()
    assert seeds.loc[is_floor, [1, 2]].isna().all(axis=None)
    assert seeds.loc[~is_floor].notna().all(axis=None)
    mean = seeds.astype(float).mean(axis=1)
    assert (mean - rows["probability"]).abs().max() <= 1


def test_each_line_stands_once_with_its_speaker_and_place(made):
    data = made.data
    shown = pd.DataFrame(data["lines"])
    assert len(shown) == len(made.lines)  # every scene has a held-out line
    assert shown["text"].tolist() == made.lines["line"].tolist()
    speakers = [data["speakers"][number] for number in shown["speaker"]]
    assert speakers == made.lines["speaker"].tolist()
    assert shown["words"].tolist() == made.lines["line"].str.split().str.len().tolist()
    for name, values in data["scenes"].items():
        assert [values[number] for number in shown["scene"]] == made.lines[name].tolist()
    assert [*data["scenes"]] == ["season", "episode", "scene"]


def test_no_text_can_end_the_script_or_become_an_element(made):
    text = made.text
    own = re.sub(r'(<script type="application/json" id="data">).*?(</script>)', r"\1\2", text)
    assert text.count("</script") == own.count("</script")
    assert "broken" not in own and "<u>pam" not in text and "<i>lines" not in text
    assert made.data["lines"]["text"][:3] == NASTY


def test_the_page_asks_for_nothing(made):
    assert "default-src 'none'" in made.text
    assert "sourceMappingURL" not in made.text
    assert (TABULATOR / "LICENSE").read_text(encoding="utf-8") in made.text
    assert not re.search(
        r"<(link|img|iframe)\b|\bsrc=|@import|url\(", made.text.split("<script")[0]
    )
    for script in OWN_SCRIPTS:
        assert not re.search("innerHTML|fetch|https?:", script.read_text(encoding="utf-8"))


def test_the_page_is_the_same_every_time(made, tmp_path):
    again = make_page(tmp_path, made.data["question"])
    assert again.page.read_bytes() == made.page.read_bytes()


def test_a_corpus_may_have_no_seasons_episodes_or_scenes(tmp_path):
    lines = made_up_lines().drop(columns=["season", "episode", "scene"])
    data = make_page(tmp_path, lines=lines).data
    assert data["scenes"] == {} and set(data["lines"]["scene"]) == {0}
    assert data["lines"]["text"] == lines["line"].tolist()


def test_a_corpus_may_have_seasons_that_are_texts(tmp_path):
    lines = made_up_lines().drop(columns=["episode", "scene"])
    lines["season"] = "Book " + lines["season"].astype(str)
    assert make_page(tmp_path, lines=lines).data["scenes"] == {"season": ["Book 1", "Book 2"]}


def test_only_lines_near_a_held_out_one_are_shown():
    scene = pd.Series([1] * 100 + [2] * 3 + [1] * 100).to_numpy()
    held_out = pd.Series(range(203)).isin([50, 110]).to_numpy()
    shown = lines_around(scene, held_out)
    first = range(50 - AROUND, 50 + AROUND + 1)
    second = [*range(77, 100), *range(103, 110 + AROUND + 1)]  # over the other scene
    assert shown.tolist() == sorted({*first, *second})


def test_a_row_that_the_corpus_lacks_is_an_error():
    odds = Predictions(np.array([10, 11]), np.ones(2, int), np.zeros(2, bool), np.ones((1, 2)))
    with pytest.raises(ValueError, match="rows that the corpus lacks"):
        page_data(made_up_lines(), [(0, 0, mean_prediction(odds))])


def test_a_script_that_would_end_its_own_tag_is_an_error(tmp_path):
    (tmp_path / "page.html").write_text("$title $styles $scripts $notice $data")
    (tmp_path / "bad.js").write_text('document.write("</SCRIPT>")')
    with pytest.raises(ValueError, match=r"bad\.js holds </script"):
        errors_page(
            tmp_path / "page.html", [], [tmp_path / "bad.js"], TABULATOR / "LICENSE", "t", {}
        )


def test_texts_come_back_as_they_were():
    texts = ["<!-- <script>", "</script>", "\u2028 \x00 \r\n \\u003c", "🙂"]
    assert (
        data_of(f'<script type="application/json" id="data">{json_in_html(texts)}</script>')
        == texts
    )


def test_the_vendored_files_are_those_of_the_release():
    readme = (TABULATOR / "README.md").read_text(encoding="utf-8")
    digests = dict(re.findall(r"^\| `(\S+)` \|.*`(\w{64})` \|$", readme, re.M))
    assert len(digests) == 3
    for name, digest in digests.items():
        assert hashlib.sha256((TABULATOR / name).read_bytes()).hexdigest() == digest
    assert "Tabulator v6.5.3 " in (TABULATOR / "tabulator.min.js").read_text(encoding="utf-8")[:100]
