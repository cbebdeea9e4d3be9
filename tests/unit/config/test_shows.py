"""The overlays for public scripts, each with a made-up file of the same form."""

import random
from functools import reduce
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import read_lines
import split_lines

from whosaid.config import stage_settings
from whosaid.config.parse import merge, parse_config, read_config_file

CONFIG = Path(__file__).parents[3] / "config"
SHOWS = sorted((CONFIG / "shows").glob("*.yaml"))
SPLITS = ("train", "test", "valid")
PEOPLE = [f"Person {letter}" for letter in "ABCDEFGHIJ"]
WORDS = ["a", "bridge", "is", "never", "late", "for", "the", "soup", "that", "nobody", "made"]
ROWS = 480


class Form(NamedTuple):
    """The files of a show: their header, a row, their encoding, and what stands between rows.

    A row is made of its number, a speaker and a line.
    """

    header: str
    row: str
    encoding: str = "utf-8"
    end: str = "\n"


FORMS = {
    "avatar": Form(
        '"index","id","book","book_num","chapter","chapter_num","character","full_text",'
        '"character_words","writer","director","imdb_rating"',
        '"{n}",{n},"Book {season}",{season},"Chapter {episode}",{episode},"{who}",'
        '"[Aside.] {said}","{said}","Writer {season}","Director {episode}",8.1',
    ),
    "friends_meld": Form(
        "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,"
        "StartTime,EndTime",
        '{n},"{said}",{who},joy,positive,{scene},{n},{season},{episode},"00:01,059","00:03,200"',
        end="\r\n",
    ),
    "game_of_thrones": Form(
        '"","Release Date","Season","Episode","Episode Title","Name","Sentence"',
        '"{n}","2011-04-17","Season {season}","Episode {episode}","Title {episode}","{who}",'
        '"{said}"',
    ),
    "good_place": Form(
        "chapter,character,line", '{episode},{who},"{said} …"', "mac_roman", end="\r\n"
    ),
    "harry_potter": Form(
        "Character;Sentence", '{who} ;"{said}\rAnd more, ""so"" to say"', "utf-8-sig", end="\r\n"
    ),
    "lord_of_the_rings": Form(",char,dialog,movie", '{n},{who} ,"{said}",Film {season}'),
    "rick_and_morty": Form(
        "index,season no.,episode no.,episode name,name,line",
        '{n},{season},{episode},Title {episode},{who},"{said}"',
        "utf-8-sig",
        end="\r\n",
    ),
    "south_park": Form("Season,Episode,Character,Line", '{season},{episode},{who},"{said}\n"'),
}


def test_every_overlay_has_a_file_of_its_form():
    assert [path.stem for path in SHOWS] == sorted(FORMS)


def config_of(path, *others):
    files = [CONFIG / "config.yaml", *others, path]
    return parse_config(reduce(merge, (read_config_file(str(file)) for file in files)))


def rows_of(form, people):
    """As many rows, with the `people` in turn, in some seasons of some episodes of some scenes."""
    drawn = random.Random(form.header)
    for n in range(ROWS):
        said = " ".join(drawn.choices(WORDS, k=drawn.randint(2, 12)))
        places = {"season": 1 + n // 160, "episode": 1 + n // 20, "scene": n // 5}
        yield form.row.format(n=n, who=people[n % len(people)], said=said, **places)


def written(config, form):
    """Write the files that the config names, in the form of the show; the speakers."""
    speakers = config.corpus.speakers
    names = [*speakers.aliases, *speakers.aliases.values(), *speakers.drop]
    people = [*dict.fromkeys([config.corpus.target_speaker, *PEOPLE, *names])]
    for number, path in enumerate(config.corpus.paths, start=1):
        file = Path(path.replace("*", str(number)))
        file.parent.mkdir(parents=True, exist_ok=True)
        header = form.header if number < 3 else form.header.upper()
        text = form.end.join([header, *rows_of(form, people), ""])
        file.write_bytes(text.encode(form.encoding))
    return people


@pytest.mark.parametrize("path", SHOWS, ids=lambda path: path.stem)
def test_an_overlay_reads_its_form_and_its_recipes_find_what_they_need(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config, form = config_of(path), FORMS[path.stem]
    assert config.experiment == path.stem
    people = written(config, form)
    settings = stage_settings.read_lines(config)
    read_lines.main(config.corpus.csv, "lines.parquet", "corpus.json", **settings)
    lines = pd.read_parquet("lines.parquet")
    dropped = config.corpus.speakers.drop
    kept = sum(people[n % len(people)] not in dropped for n in range(ROWS))
    assert len(lines) == kept * len(config.corpus.paths)
    top = lines["speaker"].value_counts().index[: config.corpus.top_speakers]
    assert config.corpus.target in top
    assert lines["line"].str.strip().str.contains(" ").all()
    for name in ("season", "episode", "scene", *config.corpus.columns.extra):
        assert name not in lines or lines[name].nunique() > (name not in ("emotion", "sentiment"))
    if form.encoding == "mac_roman":
        assert lines["line"].str.endswith("…").all()
    for name in config.variants:
        split_lines.main(
            lines="lines.parquet",
            splits=[f"{split}.parquet" for split in SPLITS],
            added_tokens="added_tokens.json",
            split_counts="split_counts.json",
            **stage_settings.split_lines(config, name),
        )


@pytest.mark.parametrize("overlay", ["office", "fair"])
@pytest.mark.parametrize("path", SHOWS, ids=lambda path: path.stem)
def test_the_published_and_the_fair_recipes_can_be_used_for_a_show(path, overlay):
    if overlay == "fair" and path.stem == "harry_potter":
        pytest.skip("it has no episodes")
    config = config_of(path, CONFIG / f"{overlay}.yaml")
    assert config.experiment == path.stem and not config.asks_the_published_question
