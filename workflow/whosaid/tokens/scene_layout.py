"""Lays out whole scenes, so that an encoder reads each scene once and answers for all its lines.

    a line [SEP] the next line [SEP] ... and for each line whose speaker is asked for:
    [CLS] names of the lines before, of those after, of the scene

The texts of a scene stand one after the other. They attend to each other and to nothing else. An
answer has tokens of its own: its CLS, which has the position of its line's start, and the names
that its row may know. These attend to each other and to all texts, and nothing else attends to them
(see `training/scene_packing.py`). So no answer can know what its own row does not hold, whatever
the other rows of the scene hold.

The position of a name says how far away its line is: the nearest lines before have the positions 1
to NAMED_LINES, those after the next ones. All names of the scene share one position: their order
means nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase

from whosaid.corpus.name_tags import name_tag

NAMED_LINES = 4
"""Of so many lines on each side an encoder reads who speaks."""

REPEATED = 1 / 4
"""A scene that is too long is cut into windows; so much of a window repeats the one before it."""

Window = dict[str, Any]


def scene_windows(
    rows: Mapping[str, Sequence[Any]],
    tokenizer: PreTrainedTokenizerBase,
    limit: int,
    positions: int,
    classes: Sequence[str] = ("label",),
) -> list[Window]:
    """The scenes of the `rows`, columns of a split, each in one or more windows.

    A window has at most `limit` tokens and takes at most so many `positions`, those of the encoder.
    Its texts take more positions than they have tokens: each line takes one for its answer, whether
    it is asked for in this window or not.

    A window has `input_ids`, and for each of them its `position` and `answer_of`: the line of whose
    answer it is, -1 for texts; `answers`, the places of the CLS, with the `row` and the columns
    `classes` of each; the `text` of its lines; and `lost`, how many tokens were cut from lines that
    are longer than half a window.
    """
    places: dict[int, list[int]] = {}
    for place, scene in enumerate(rows["scene_number"]):
        places.setdefault(scene, []).append(place)
    return [
        window
        for of_scene in places.values()
        for window in _Scene(rows, of_scene, tokenizer, limit, positions, classes).windows()
    ]


class _Scene:
    """The lines of one scene as tokens, and the answers that are asked for."""

    def __init__(
        self,
        rows: Mapping[str, Sequence[Any]],
        places: Sequence[int],
        tokenizer: PreTrainedTokenizerBase,
        limit: int,
        positions: int,
        classes: Sequence[str],
    ):
        first = places[0]
        lines = [*rows["before_texts"][first], rows["text"][first], *rows["after_texts"][first]]
        self.asked = {len(rows["before_texts"][place]): place for place in places}
        for number, place in self.asked.items():
            lines[number] = rows["text"][place]  # with its annotation
        self.rows, self.lines, self.classes = rows, lines, classes
        self.limit, self.positions = limit, positions
        self.start, self.border = tokenizer.cls_token_id, tokenizer.sep_token_id
        self.answers = {n: self._answer(place, tokenizer) for n, place in self.asked.items()}
        whole = tokenizer(
            lines, add_special_tokens=False, return_attention_mask=False, verbose=False
        )["input_ids"]
        self.ids = [ids[: limit // 2] for ids in whole]
        self.lost = [len(ids) - len(kept) for ids, kept in zip(whole, self.ids, strict=True)]

    def _answer(
        self, place: int, tokenizer: PreTrainedTokenizerBase
    ) -> tuple[list[int], list[int]]:
        """The names that the row at a place of the split may know, as ids, and their positions."""
        before, after, of_scene = (
            self.rows[name][place] if name in self.rows else []
            for name in ("before_names", "after_names", "scene_names")
        )
        near = [*reversed(before)][:NAMED_LINES], after[:NAMED_LINES]
        named = [(name, 1 + distance) for distance, name in enumerate(near[0])]
        named += [(name, 1 + NAMED_LINES + distance) for distance, name in enumerate(near[1])]
        named += [(name, 1 + 2 * NAMED_LINES) for name in of_scene]
        named = named[: self.limit // 2 - 2]  # so that a line and its answer fit
        ids = tokenizer.convert_tokens_to_ids([name_tag(name) for name, _ in named])
        return ids, [position for _, position in named]

    def _length(self, number: int) -> int:
        """The tokens of a line: its text, a SEP and its answer."""
        answer = 1 + len(self.answers[number][0]) if number in self.answers else 0
        return len(self.ids[number]) + 1 + answer

    def _width(self, number: int) -> int:
        """The positions of a line: one for its answer, its text and a SEP."""
        return len(self.ids[number]) + 2

    def windows(self) -> list[Window]:
        """The windows; each line is asked for in one of them."""
        found, first = [], 0
        while first < len(self.lines):
            start = first - self._repeated(first)
            tokens = sum(len(self.ids[number]) + 1 for number in range(start, first))
            width = sum(map(self._width, range(start, first)))
            end = first
            while end < len(self.lines):
                tokens += self._length(end)
                width += self._width(end)
                if end > first and (tokens > self.limit or width > self.positions):
                    break
                end += 1
            asked = [number for number in range(first, end) if number in self.asked]
            if asked:
                found.append(self._window(range(start, end), asked))
            first = end
        return found

    def _repeated(self, first: int) -> int:
        """How many lines before the `first` line of a window stand in it as context."""
        lines, room = 0, min(self.limit * REPEATED, self.limit - self._length(first))
        width = self.positions - self._width(first)
        while lines < first:
            room -= len(self.ids[first - lines - 1]) + 1
            width -= self._width(first - lines - 1)
            if room < 0 or width < 0:
                break
            lines += 1
        return lines

    def _window(self, numbers: range, asked: Sequence[int]) -> Window:
        ids: list[int] = []
        starts = {}
        for number in numbers:
            # The position before a line's text is left to its answer.
            starts[number] = len(ids) + len(starts)
            ids += [*self.ids[number], self.border]
        position = [
            start + 1 + place
            for number, start in starts.items()
            for place in range(len(self.ids[number]) + 1)
        ]
        answer_of = [-1] * len(ids)
        answers = []
        for number in asked:
            names, positions = self.answers[number]
            answers.append(len(ids))
            ids += [self.start, *names]
            position += [starts[number], *positions]
            answer_of += [number] * (1 + len(names))
        places, columns = [self.asked[number] for number in asked], ("row", *self.classes)
        return {
            "input_ids": ids,
            "position": position,
            "answer_of": answer_of,
            "answers": answers,
            **{name: [self.rows[name][place] for place in places] for name in columns},
            "text": "\n".join(self.lines[number] for number in numbers),
            "lost": sum(self.lost[number] for number in asked),
        }
