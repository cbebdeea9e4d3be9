import importlib.metadata
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import whosaid.hidden
from whosaid.hidden import hidden


@pytest.fixture
def optional(tmp_path, monkeypatch):
    """A package that could be imported and is not yet."""
    (tmp_path / "optional_package.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "optional_package"
    sys.modules.pop("optional_package", None)


def test_a_hidden_package_is_not_found_and_then_found_again(optional):
    with hidden(optional):
        assert importlib.util.find_spec(optional) is None
        with pytest.raises(ImportError):
            importlib.import_module(optional)
    assert importlib.import_module(optional).VALUE == 1


def test_a_package_is_found_again_after_a_failure(optional):
    with pytest.raises(KeyError), hidden(optional):
        raise KeyError
    assert importlib.import_module(optional).VALUE == 1


def test_what_is_imported_already_stays(optional):
    module = importlib.import_module(optional)
    with hidden(optional):
        assert importlib.import_module(optional) is module
    assert sys.modules[optional] is module


def test_the_metadata_of_other_packages_are_found(optional):
    with hidden(optional):
        assert importlib.metadata.version("pytest") == pytest.__version__


def run(code, *arguments):
    """Run the code in a process that has imported nothing yet."""
    environment = os.environ | {"PYTHONPATH": str(Path(whosaid.hidden.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, env=environment)


def test_arrow_makes_and_reads_arrays_without_pandas_and_tables_for_it(tmp_path):
    run(
        """
import sys
import whosaid.lean_arrow
import pyarrow as pa
import pyarrow.parquet as pq
pq.write_table(pa.table({"row": [3, 1], "text": ["a", None]}), sys.argv[1])
table = pq.read_table(sys.argv[1])
assert table["row"].to_numpy().tolist() == [3, 1]
assert table["text"].to_pylist() == ["a", None]
assert "pandas" not in sys.modules
assert table.to_pandas()["row"].sum() == 4
""",
        str(tmp_path / "rows.parquet"),
    )
