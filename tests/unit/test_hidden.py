import importlib.util
import sys

import pytest

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
