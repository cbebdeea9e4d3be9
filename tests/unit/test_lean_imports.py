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


def run(code, *arguments, folder=None):
    """Run the code in a process that has imported nothing yet; what it prints."""
    environment = os.environ | {"PYTHONPATH": str(Path(whosaid.hidden.__file__).parents[1])}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, check=True, env=environment, cwd=folder, stdout=subprocess.PIPE, text=True
    ).stdout


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


LIST_MODELS = """
import sys
opened = []
sys.addaudithook(lambda event, details: event == "open" and opened.append(str(details[0])))
import whosaid.model_list
import transformers
files = [path for path in opened if "/transformers/models/" in path and path.endswith(".py")]
print(len(files), hash(tuple(sorted(dir(transformers)))), transformers.BertConfig().model_type)
"""


@pytest.mark.parametrize("damage", [None, b"", b"no list"])
def test_the_list_of_models_is_made_once(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    (tmp_path / ".snakemake").mkdir()
    made, *first = run(LIST_MODELS, folder=tmp_path).split()
    (file,) = (tmp_path / ".snakemake").iterdir()
    if damage is not None:
        file.write_bytes(damage)
        made_again, *again = run(LIST_MODELS, folder=tmp_path).split()
        assert again == first
        assert int(made_again) > 1000
    read, *second = run(LIST_MODELS, folder=tmp_path).split()
    assert second == first
    assert int(made) > 1000
    assert int(read) < 10


def test_without_a_folder_to_keep_it_in_no_list_of_models_is_kept(tmp_path):
    assert int(run(LIST_MODELS, folder=tmp_path).split()[0]) > 1000
    assert list(tmp_path.iterdir()) == []
