import shutil
import sys

import pytest

from whosaid import staleness

STAGES = ("read_lines", "split_lines", "fetch_encoder", "fetch_punkt", "tokenize_splits")
STAGES += ("train_model", "predict_splits", "train_linear", "audit_splits", "summarize_audit")
STAGES += ("evaluate_splits", "compare_variants", "evaluate_slices", "draw_figures", "summarize")
STAGES += ("write_report",)


def forget():
    staleness._read_module.cache_clear()
    staleness._version.cache_clear()


@pytest.fixture
def workflow(tmp_path, monkeypatch):
    """A copy of our own workflow folder, which the module under test looks at."""
    source = staleness.WORKFLOW_DIR
    for name in ("scripts", "whosaid"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source / name, tmp_path / "workflow" / name, ignore=ignored)
    monkeypatch.setattr(staleness, "WORKFLOW_DIR", tmp_path / "workflow")
    forget()
    yield tmp_path / "workflow"
    forget()


def codes():
    forget()
    return {stage: staleness.code_text(stage) for stage in STAGES}


def edit(path, *changes):
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def append(path, text):
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def stale_after(action):
    before = codes()
    action()
    after = codes()
    return {stage for stage in STAGES if before[stage] != after[stage]}


def test_the_code_of_a_stage_is_the_same_every_time(workflow):
    assert stale_after(lambda: None) == set()


def test_a_comment_makes_nothing_stale(workflow):
    path = workflow / "whosaid" / "manifest.py"
    assert stale_after(lambda: append(path, "\n# a remark\n")) == set()


def test_formatting_makes_nothing_stale(workflow):
    path = workflow / "whosaid" / "splits.py"
    change = ('("train", "test", "valid")', "(\n    'train',\n\n    'test', 'valid',\n)")
    assert stale_after(lambda: edit(path, change)) == set()


@pytest.mark.parametrize(
    "change",
    [
        ('"""The SHA-256 of a file as 64 hexadecimal digits."""', '"""Its digest."""'),
        ('    """The SHA-256 of a file as 64 hexadecimal digits."""\n', ""),
        ('"""The manifest of an artifact folder', '"""What is in an artifact folder'),
    ],
)
def test_a_docstring_makes_nothing_stale(change, workflow):
    path = workflow / "whosaid" / "manifest.py"
    assert stale_after(lambda: edit(path, change)) == set()


def test_a_text_that_is_no_docstring_counts(workflow):
    path = workflow / "whosaid" / "stage.py"
    assert stale_after(lambda: edit(path, ('"%(message)s"', '"> %(message)s"'))) == set(STAGES)


def test_an_edit_in_a_script_makes_its_own_stage_stale(workflow):
    for stage in STAGES:
        path = workflow / "scripts" / f"{stage}.py"
        assert stale_after(lambda path=path: append(path, "\nEDITED = True\n")) == {stage}


REACHED_BY = {
    "arrow_dataset": {"tokenize_splits"},
    "batches": {"train_model"},
    "corpus_csv": {"read_lines"},
    # `environment` imports it too.
    "collector": {
        *("split_lines", "audit_splits", "fetch_encoder", "tokenize_splits", "train_model"),
        *("predict_splits", "train_linear", "draw_figures"),
    },
    "curves": {"evaluate_slices", "draw_figures"},
    "cpu_layers": {"train_model"},
    "device": {"train_model", "predict_splits"},
    "encoder_files": {"fetch_encoder"},
    "first_tokens": {"train_model"},
    "packing": {"train_model"},
    "epochs": {"train_model"},
    "environment": {
        *("split_lines", "tokenize_splits", "train_model", "predict_splits"),
    },
    "lean_arrow": {
        *("read_lines", "audit_splits", "fetch_encoder", "tokenize_splits", "train_model"),
        *("predict_splits", "train_linear", "evaluate_splits", "compare_variants"),
        *("evaluate_slices", "draw_figures"),
    },
    "lean_transformers": {"fetch_encoder", "train_model", "predict_splits"},
    "model_list": {"fetch_encoder", "tokenize_splits", "train_model", "predict_splits"},
    "linear": {"train_linear"},
    "markdown": {"summarize", "summarize_audit", "write_report"},
    # Adding a metric trains nothing: only those that training watches stand in `metrics`.
    "metrics": {
        *("train_model", "evaluate_splits", "compare_variants", "evaluate_slices", "draw_figures"),
    },
    "bootstrap": {"evaluate_splits", "compare_variants", "evaluate_slices"},
    "comparison": {"compare_variants"},
    "evaluation_metrics": {
        *("evaluate_splits", "compare_variants", "evaluate_slices", "draw_figures"),
    },
    "predictions": {
        *("evaluate_splits", "compare_variants", "evaluate_slices", "draw_figures"),
    },
    "thresholds": {"evaluate_splits"},
    "undefined": {"evaluate_splits", "compare_variants"},
    # `lean_arrow` imports it too.
    "hidden": {
        *("read_lines", "split_lines", "audit_splits", "fetch_encoder", "tokenize_splits"),
        *("train_model", "predict_splits", "train_linear", "evaluate_splits"),
        *("compare_variants", "evaluate_slices", "draw_figures"),
    },
    "model_store": {"train_model"},
    "near_duplicates": {"audit_splits"},
    "normalise": {"split_lines", "audit_splits"},
    "numbers": {"summarize", "write_report"},
    "plots": {"draw_figures"},
    "refusal": {"predict_splits", "train_linear"},
    "resumable": {"train_model"},
    "splits": {
        *("split_lines", "audit_splits", "summarize_audit", "tokenize_splits", "train_model"),
        *("train_linear", "summarize"),
    },
    "rows": {"train_model", "predict_splits"},
    # `stage` records the digests of the outputs, so these are reached by way of it.
    "errors": set(STAGES),
    "failures": set(STAGES),
    "manifest": set(STAGES),
    "record": set(STAGES),
    "stage": set(STAGES),
    "terminal": set(STAGES),
    "whole": set(STAGES),
    "vocabulary": {"train_model"},
    # These work before any stage does.
    "before_run": set(),
    "config": set(),
    "config_files": set(),
    "config_manual": set(),
    "run_lock": set(),
    "settings": set(),
    "staleness": set(),
    "targets": set(),
    "verify": set(),
}


@pytest.mark.parametrize("module", REACHED_BY)
def test_an_edit_in_a_module_makes_the_stages_that_reach_it_stale(module, workflow):
    path = workflow / "whosaid" / f"{module}.py"
    assert stale_after(lambda: append(path, "\nEDITED = True\n")) == REACHED_BY[module]


def test_every_module_is_known_by_the_stages_that_reach_it(workflow):
    modules = {path.stem for path in (workflow / "whosaid").glob("*.py")}
    assert modules - {"__init__"} == set(REACHED_BY)


def test_an_edit_reaches_stages_through_another_module(workflow):
    (workflow / "whosaid" / "deep.py").write_text("DEPTH = 1\n")
    append(workflow / "whosaid" / "metrics.py", "\nfrom whosaid.deep import DEPTH\n")
    path = workflow / "whosaid" / "deep.py"
    of_metrics = stale_after(lambda: append(workflow / "whosaid" / "metrics.py", "\nEDITED = 1\n"))
    assert {"train_model", "evaluate_splits"} <= of_metrics < set(STAGES)
    assert stale_after(lambda: edit(path, ("1", "2"))) == of_metrics


def test_modules_that_import_each_other_are_read_once(workflow):
    (workflow / "whosaid" / "deep.py").write_text("import whosaid.metrics\n")
    append(workflow / "whosaid" / "metrics.py", "\nimport whosaid.deep\n")
    assert "whosaid/deep.py" in staleness.stage_code("evaluate_splits")


IMPORTS = {
    "import whosaid.deep": "\nimport whosaid.deep\n",
    "from whosaid.deep import": "\nfrom whosaid.deep import DEPTH\n",
    "from whosaid import": "\nfrom whosaid import deep\n",
    "inside a function": "\ndef late():\n    from whosaid.deep import DEPTH\n    return DEPTH\n",
    "relative": "\nfrom .deep import DEPTH\n",
    "relative, the package": "\nfrom . import deep\n",
}


@pytest.mark.parametrize("statement", IMPORTS.values(), ids=IMPORTS)
def test_a_new_import_widens_what_a_stage_depends_on(statement, workflow):
    (workflow / "whosaid" / "deep.py").write_text("DEPTH = 1\n")
    assert "whosaid/deep.py" not in staleness.stage_code("summarize")
    append(workflow / "whosaid" / "splits.py", statement)
    forget()
    assert "whosaid/deep.py" in staleness.stage_code("summarize")


def test_a_script_that_imports_another_script_depends_on_it(workflow):
    append(workflow / "scripts" / "summarize.py", "\nfrom evaluate_splits import main as other\n")
    code = staleness.stage_code("summarize")
    assert {"scripts/evaluate_splits.py", "whosaid/metrics.py"} <= set(code)


def test_imported_packages_stand_with_their_versions():
    code = staleness.stage_code("train_model")
    import transformers

    assert code["transformers"] == transformers.__version__
    # These shape what is written although no stage imports them.
    assert {"tokenizers", "accelerate", "safetensors"} <= set(code)
    assert not {"json", "pathlib", "whosaid"} & set(code)


def test_every_package_of_every_stage_is_installed():
    for stage in STAGES:
        versions = staleness.stage_code(stage)
        assert "not installed" not in versions.values()


@pytest.fixture
def toy_package(tmp_path, monkeypatch):
    """A function that installs the package `toypackage` in a version."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    def install(version):
        shutil.rmtree(tmp_path / "site", ignore_errors=True)
        folder = tmp_path / "site" / f"toypackage-{version}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: toypackage\nVersion: {version}\n"
        )
        sys.path_importer_cache.clear()
        forget()

    return install


def test_a_new_version_of_an_imported_package_counts_and_its_build_tag_does_not(
    workflow, toy_package
):
    append(workflow / "scripts" / "summarize.py", "\nimport toypackage.part\n")
    found = {}
    for version in ("1.2", "1.2+cpu", "1.2+cu130", "1.3+cpu"):
        toy_package(version)
        found[version] = staleness.stage_code("summarize")["toypackage"]
    assert found == {"1.2": "1.2", "1.2+cpu": "1.2", "1.2+cu130": "1.2", "1.3+cpu": "1.3"}


def test_a_package_that_is_not_there_is_said_to_be_missing(workflow):
    append(workflow / "scripts" / "summarize.py", "\nimport nosuchpackage\n")
    assert staleness.stage_code("summarize")["nosuchpackage"] == "not installed"


def test_a_stage_without_a_script_is_an_error(workflow):
    with pytest.raises(FileNotFoundError):
        staleness.stage_code("make_coffee")
