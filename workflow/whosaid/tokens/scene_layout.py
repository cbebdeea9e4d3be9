"""Lays out whole scenes, so that an encoder reads each scene once and answers for all its lines.

    names of the scene, [CLS] a line [SEP] [name] [CLS] a line [SEP] [name] ...

The answer for a line is read from its CLS. A line that is only context has one too, whose answer
is not read: what is asked for says nothing to the model. Names are there only where the recipe asks
for them. The kind of each token, and the line that it is of, say which tokens may attend to it (see
`training/scene_packing.py`), so that no answer knows the name of its own line's speaker, not even
through other tokens.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase

from whosaid.corpus.name_tags import name_tag
from whosaid.tokens.token_kinds import ANSWER, EARLIER_NAME, NAME, SCENE_NAME, TEXT

REPEATED = 1 / 4
"""A scene that is too long is cut into windows; so much of a window repeats the one before it."""

Window = dict[str, list[Any]]


def scene_windows(
    rows: Mapping[str, Sequence[Any]], tokenizer: PreTrainedTokenizerBase, limit: int
) -> list[Window]:
    """The scenes of the `rows`, columns of a split, each in one or more windows of `limit` tokens.

    A window has `input_ids`, with `kind` and `line` of each token; `answers`, the positions of the
    answer tokens, with the `row` and `label` of each; the `text` of its lines; and `lost`, how many
    tokens were cut from lines that are longer than half a window.
    """
    places: dict[int, list[int]] = {}
    for place, scene in enumerate(rows["scene_number"]):
        places.setdefault(scene, []).append(place)
    return [
        window
        for of_scene in places.values()
        for window in _Scene(rows, of_scene, tokenizer, limit).windows()
    ]


class _Scene:
    """The lines of one scene as tokens, and the rows that are asked for."""

    def __init__(
        self,
        rows: Mapping[str, Sequence[Any]],
        places: Sequence[int],
        tokenizer: PreTrainedTokenizerBase,
        limit: int,
    ):
        first = places[0]
        lines = [*rows["before_texts"][first], rows["text"][first], *rows["after_texts"][first]]
        self.asked = {len(rows["before_texts"][place]): place for place in places}
        for number, place in self.asked.items():
            lines[number] = rows["text"][place]  # with its annotation
        self.rows, self.lines, self.limit = rows, lines, limit
        self.start, self.border = tokenizer.cls_token_id, tokenizer.sep_token_id
        names = rows["scene_names"][first] if "scene_names" in rows else ()
        self.scene_names = self._tags(names, tokenizer)[: limit // 4]
        named = self._names()
        tags = self._tags(list(named.values()), tokenizer)
        self.tags = dict(zip(named, tags, strict=True))
        whole = tokenizer(
            lines, add_special_tokens=False, return_attention_mask=False, verbose=False
        )["input_ids"]
        self.ids = [ids[: limit // 2] for ids in whole]
        self.lost = [len(ids) - len(kept) for ids, kept in zip(whole, self.ids, strict=True)]
        self.name_kind = NAME if "after_names" in rows else EARLIER_NAME

    @staticmethod
    def _tags(names: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> list[int]:
        return tokenizer.convert_tokens_to_ids([name_tag(name) for name in names])

    def _names(self) -> dict[int, str]:
        """Who speaks a line, by its number, as far as the context of any asked line says."""
        found: dict[int, str] = {}
        for number, place in self.asked.items():
            if "before_names" in self.rows:
                found |= enumerate(self.rows["before_names"][place])
            if "after_names" in self.rows:
                found |= enumerate(self.rows["after_names"][place], start=number + 1)
        return dict(sorted(found.items()))

    def _length(self, number: int) -> int:
        """The tokens of a line, at most: text, CLS, SEP and name."""
        return len(self.ids[number]) + 2 + (number in self.tags)

    def windows(self) -> list[Window]:
        """The windows; each line is asked for in one of them."""
        found, start, first = [], 0, 0
        room = self.limit - len(self.scene_names)
        while first < len(self.lines):
            used = sum(map(self._length, range(start, first)))
            end = first
            while end < len(self.lines) and (end == first or used + self._length(end) <= room):
                used += self._length(end)
                end += 1
            asked = range(first, end)
            if any(number in self.asked for number in asked):
                found.append(self._window(range(start, end), asked))
            start = first = end
            repeated = 0
            while start > 0 and repeated + self._length(start - 1) <= self.limit * REPEATED:
                start -= 1
                repeated += self._length(start)
        return found

    def _window(self, numbers: range, asked: range) -> Window:
        window: Window = {
            "input_ids": list(self.scene_names),
            "kind": [SCENE_NAME] * len(self.scene_names),
            "line": [-1] * len(self.scene_names),
            **{"answers": [], "row": [], "label": []},
            "text": "\n".join(self.lines[number] for number in numbers),
            "lost": sum(self.lost[number] for number in asked),
        }

        def add(ids: Sequence[int], kind: int, number: int) -> None:
            window["input_ids"] += ids
            window["kind"] += [kind] * len(ids)
            window["line"] += [number] * len(ids)

        for number in numbers:
            if number in asked and number in self.asked:
                place = self.asked[number]
                window["answers"].append(len(window["input_ids"]))
                window["row"].append(self.rows["row"][place])
                window["label"].append(self.rows["label"][place])
            add([self.start], ANSWER, number)
            add([*self.ids[number], self.border], TEXT, number)
            if number in self.tags:
                add([self.tags[number]], self.name_kind, number)
        return window
