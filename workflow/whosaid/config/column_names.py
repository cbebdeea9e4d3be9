"""The names of the columns of a corpus."""

FIELDS = ("row", "season", "episode", "scene", "speaker", "line")
"""The names that `corpus.columns` gives a meaning; any other is one of `corpus.columns.extra`."""

PUBLISHED_HEADERS = ("season", "episode", "title", "scene", "speaker", "line")
PUBLISHED_HEADERS += ("directed_by", "written_by", "writer1", "writer2", "writer3")
"""The headers of the published form, in its order. Its first column, the index, has no name."""
