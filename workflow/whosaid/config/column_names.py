"""The names of the columns of a corpus."""

FIELDS = ("row", "season", "episode", "scene", "speaker", "line")
"""The names that `corpus.columns` gives a meaning; any other is one of `corpus.columns.extra`."""

PUBLISHED_HEADERS = ("season", "episode", "title", "scene", "speaker", "line")
PUBLISHED_HEADERS += ("directed_by", "written_by", "writer1", "writer2", "writer3")
"""The headers of the published form, in its order. Its first column, the index, has no name."""

PUBLISHED_COLUMNS = tuple(name for name in PUBLISHED_HEADERS if name not in ("speaker", "line"))
"""What the published form has besides the number of the row, the speaker and the line."""

TEXT_FEATURES = ("word_ngrams", "character_ngrams", "word_count")
"""The features of the linear baselines that are computed from the line itself."""

CONTEXT_FEATURES = ("context_words", "context_names", "scene_names")
"""The features that the context of a line gives, see `Context`."""

COMPUTED_FEATURES = (*TEXT_FEATURES, *CONTEXT_FEATURES)
"""The features that are no columns of the corpus."""

CONTEXT_COLUMNS = ("before_texts", "after_texts", "before_names", "after_names", "scene_names")
"""The columns of a split that hold the context of each row."""

TAKEN_NAMES = (*FIELDS, *COMPUTED_FEATURES, *CONTEXT_COLUMNS)
TAKEN_NAMES += ("text", "label", "abstained")
"""The names that no column under `corpus.columns.extra` can have."""
