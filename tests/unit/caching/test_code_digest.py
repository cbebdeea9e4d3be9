import ast
import importlib.metadata
import re
import shutil
import sys

import pytest
import rooms

from whosaid.caching import code_digest
from whosaid.caching.training_recipe import training_code
from whosaid.training.onnx_packages import PACKAGES

STAGES = ("read_lines", "fetch_punkt", "split_lines", "build_encoder", "tokenize_splits")
STAGES += ("train_model", "predict_splits", "train_linear", "audit_splits", "summarize_audit")
STAGES += ("evaluate_splits", "compare_variants", "evaluate_slices", "draw_figures", "summarize")
STAGES += ("describe_corpus", "inspect_tokens", "export_model", "export_onnx", "write_errors_page")
STAGES += ("write_report",)
STAGES += ("predict_new_lines", "informal_test", "combine_predictions", "pool_folds")
STAGES += ("weigh_words",)
"""Every rule with a digest of its code."""


def test_the_stages_are_the_rules_with_a_digest():
    texts = [path.read_text() for path in (code_digest.WORKFLOW_DIR / "rules").glob("*.smk")]
    digests = {name for text in texts for name in re.findall(r"code=(.*),", text)}
    own = {f'code_text("{stage}")' for stage in STAGES if stage != "train_model"}
    assert digests == own | {"training_code()"}


def forget():
    code_digest._version.cache_clear()


@pytest.fixture(scope="module")
def read_module():
    """The function that reads a module, with a memory by content: one without would be slow."""
    read, known = code_digest._read_module.__wrapped__, {}

    def run(path):
        key = path, (code_digest.WORKFLOW_DIR / path).read_bytes()
        if key not in known:
            known[key] = read(path)
        return known[key]

    return run


@pytest.fixture
def workflow(tmp_path, monkeypatch, read_module):
    """A copy of our own workflow folder, which the module under test looks at."""
    source = code_digest.WORKFLOW_DIR
    for name in ("scripts", "whosaid"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source / name, tmp_path / "workflow" / name, ignore=ignored)
    monkeypatch.setattr(code_digest, "WORKFLOW_DIR", tmp_path / "workflow")
    monkeypatch.setattr(code_digest, "_read_module", read_module)
    forget()
    yield tmp_path / "workflow"
    forget()


def codes():
    """What the params of each stage say of its code."""
    texts = {stage: code_digest.code_text(stage) for stage in STAGES}
    return texts | {"train_model": training_code()}


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


def module(workflow, name):
    return workflow / "whosaid" / f"{name}.py"


TOY = '''"""A module
of two lines."""

import logging

from whosaid.errors import InputError

logger = logging.getLogger(__name__)

NAMES = ("train", "test")
"""The names."""


TITLE = f"{NAMES[0]!r:>9} rows"


class Rows:
    """Some rows."""

    size = 3


def check(rows):
    """How many rows there are."""
    if not rows:
        logger.info("%d rows", len(rows))
    refused = InputError(f"{rows}: too few")
    if len(rows) == 1:
        raise refused from None
    if len(rows) == 2:
        raise ValueError("two rows")
    return len(rows)
'''


@pytest.fixture
def toy(workflow):
    """The path of a module that `split_lines` alone imports."""
    path = module(workflow, "corpus/toy")
    path.write_text(TOY)
    append(workflow / "scripts" / "split_lines.py", "\nfrom whosaid.corpus import toy\n")
    return path


NO_CHANGE = {
    "comment": ('NAMES = ("train", "test")', '# Remark\nNAMES = ("train", "test")  # remark'),
    "formatting": ('("train", "test")', "(\n    'train',\n\n    'test',\n)"),
    "docstring of the module": ("A module\nof two lines.", "Another text."),
    "docstring of a class": ('"""Some rows."""', '"""Rows."""'),
    "docstring of a function": ("How many rows there are.", "The number of rows.\n\n    More."),
    "docstring of a constant": ('"""The names."""', '"""Two names."""'),
    "no docstring": ('    """How many rows there are."""\n', ""),
    "no docstring of a constant": ('"""The names."""\n', ""),
    "new docstring": ("    size = 3", '    size = 3\n    """Of all."""'),
    "pass": ('    """Some rows."""\n', "    pass\n"),
    "log message": ("%d rows", "there are %d rows"),
    "log level": ("logger.info(", "logger.warning("),
    "log values": ("len(rows))", "2 * len(rows))"),
    "no log": ('logger.info("%d rows", len(rows))', "pass"),
    "new log": ("    return", '    logger.info("done")\n    return'),
    "text of a raised error": ("two rows", "more than one row"),
    "text of our errors": ("too few", "not enough"),
}

CHANGE = {
    "text that is no docstring": ('"train"', '"training"'),
    "value": ("size = 3", "size = 4"),
    "condition": ("== 1", "<= 1"),
    "class of a raised error": ("raise ValueError(", "raise TypeError("),
    "class of our errors": ("refused = InputError(", "refused = StageError("),
    "no error": ("raise refused from None", "pass"),
    "condition of a log": ("if not rows:", "if rows:"),
    "text of an f-string": (' rows"\n', ' lines"\n'),
    "value in an f-string": ("NAMES[0]", "NAMES[1]"),
    "conversion in an f-string": ("!r", "!s"),
    "format in an f-string": (":>9", ":>8"),
    "text of another call": ("logging.getLogger(__name__)", 'logging.getLogger("toy")'),
}


@pytest.mark.parametrize("change", NO_CHANGE.values(), ids=NO_CHANGE)
def test_what_changes_no_result_makes_nothing_stale(change, toy):
    assert stale_after(lambda: edit(toy, change)) == set()


@pytest.mark.parametrize("change", CHANGE.values(), ids=CHANGE)
def test_what_may_change_a_result_makes_the_stage_stale(change, toy):
    assert stale_after(lambda: edit(toy, change)) == {"split_lines"}


F_STRINGS = r'''
QUOTES = f"{row['line']} is said by {' and '.join(f'{name}' for name in names)}, {{braces}}"
NESTED = f"{value!r:>{width}} {value:{DECIMALS}} {value:.3f} {value=}" "joined" f"{value:%Y-%m-%d}"
LINES = f"""it's "{value}"
{', '.join(names)}\t\\"""
'''


def test_every_python_gives_f_strings_the_same_digest(toy):
    """`ast.unparse` of Python 3.12 chose other quotes than that of 3.11.

    So with a newer Python every output of many stages was stale, and trained models were not found.
    Python 3.11.7, 3.12.1 and 3.13.0 give this digest.
    """
    toy.write_text(F_STRINGS)
    assert code_digest.stage_code("split_lines")["whosaid/corpus/toy.py"] == "2d014b70fbb29ed5"


def test_an_edit_in_a_script_makes_its_own_stage_stale(workflow):
    for stage in STAGES:
        path = workflow / "scripts" / f"{stage}.py"
        assert stale_after(lambda path=path: append(path, "\nEDITED = True\n")) == {stage}


PREDICT = {"predict_splits", "train_linear"}
"""Write predictions of models."""

COMBINE = {"combine_predictions", "pool_folds"}
"""Write predictions that are made of others."""

RESAMPLE = {"evaluate_splits", "compare_variants", "evaluate_slices"}
"""Compute intervals."""

EVALUATE = {*RESAMPLE, "draw_figures"}
"""Read predictions."""

EXPORT = {"export_model", "export_onnx"}
"""Describe a model to others."""

READ = {*EVALUATE, *EXPORT, "summarize", *COMBINE}
"""Know what a question is about."""

SHOW = {"describe_corpus", "draw_figures", "inspect_tokens", "summarize", "summarize_audit"}
SHOW |= {"informal_test", "write_report", *EXPORT}
"""Write what people read."""

NEW_LINES = {"predict_new_lines", "informal_test", "weigh_words"}
"""Ask models about lines that are in no split."""

SHOW_ROWS = {"weigh_words", "write_errors_page"}
"""Look at single rows of the predictions."""

READ_FILES = {"read_lines", "predict_new_lines"}
"""Read files of lines."""

ENCODER = {"train_model", "predict_splits", *NEW_LINES}
"""Run an encoder."""

REACHED_BY = {
    # These compute nothing, or work before any stage does.
    "errors": set(),
    "caching/atomic": set(),
    "caching/bundle": set(),
    "caching/code_digest": set(),
    "caching/json_files": set(),
    "caching/manifest": set(),
    "caching/output_records": set(),
    "caching/stamps": set(),
    "caching/training_recipe": set(),
    "config/ensemble_section": set(),
    "config/ensembles": set(),
    "config/folds": set(),
    "config/search_section": set(),
    "config/searches": set(),
    "config/context_problems": set(),
    "config/table_problems": set(),
    "reporting/short_result": set(),
    "config/manual": set(),
    "config/missing_columns": set(),
    "config/context_section": set(),
    "config/track_baselines": set(),
    "config/model": set(),
    "config/corpus_section": set(),
    "config/recipe_section": set(),
    "config/split_section": set(),
    "config/value_types": set(),
    "config/output_paths": set(),
    "config/parse": set(),
    "config/stage_settings": set(),
    "corpus/check_before_run": set(),
    "jobs/check_files": set(),
    "jobs/earlier_outputs": set(),
    "jobs/environment": set(),
    "jobs/gpu_lease": set(),
    "jobs/inherited_variables": set(),
    "jobs/line_texts": set(),
    "jobs/profile_check": set(),
    "jobs/resource_advice": set(),
    "jobs/run_lock": set(),
    "jobs/run_output": set(),
    "jobs/stage": set(),
    # What was fetched stays.
    "tokens/encoder_files": set(),
    "tokens/encoder_sources": set(),
    "reported_split": {
        *("evaluate_splits", "compare_variants", "evaluate_slices", "draw_figures", "summarize"),
        *("predict_splits", "train_linear", *COMBINE, "weigh_words", *EXPORT),
    },
    "tokens/first_position": {"tokenize_splits", *ENCODER},
    "split_names": {
        *("split_lines", "audit_splits", "summarize_audit", "tokenize_splits", "inspect_tokens"),
        "train_model",
        *("predict_splits", "train_linear", "evaluate_splits", "describe_corpus", "summarize"),
        *(*COMBINE, "write_errors_page"),
    },
    "corpus/count_words": {"split_lines", *NEW_LINES},
    # A run never guesses.
    "corpus/column_guesses": set(),
    "reporting/ask": set(),
    "reporting/predict_lines": set(),
    "corpus/detect_form": set(),
    "corpus/first_look": set(),
    "corpus/suggest_keys": set(),
    "corpus/label_names": {"audit_splits", "split_lines", "write_errors_page", *NEW_LINES, *EXPORT},
    "corpus/leak_audit": {"audit_splits"},
    "corpus/near_duplicates": {"audit_splits"},
    "corpus/normalise_text": {"split_lines", "audit_splits", *NEW_LINES},
    "corpus/punkt_data": {"fetch_punkt"},
    "config/tracks": {"summarize"},
    "corpus/context": {"audit_splits", "split_lines"},
    "corpus/name_tags": {"inspect_tokens", "split_lines", "tokenize_splits", *NEW_LINES},
    "tokens/context_layout": {"inspect_tokens", "tokenize_splits", *NEW_LINES},
    "reporting/every_split": {"summarize"},
    "reporting/summary_variant": {"summarize"},
    "config/column_names": {
        "inspect_tokens",
        "read_lines",
        "tokenize_splits",
        "train_linear",
        *NEW_LINES,
    },
    "config/chosen_on_valid": {"evaluate_splits"},
    "config/corpus_files": READ_FILES,
    "config/speaker_names": {"read_lines"},
    "config/warning_codes": {"evaluate_splits", "compare_variants", "summarize", *EXPORT},
    "corpus/delimited": READ_FILES,
    "corpus/fields": READ_FILES,
    "corpus/file_kinds": READ_FILES,
    "corpus/headers": READ_FILES,
    "corpus/natural_order": {"audit_splits", "summarize_audit", "evaluate_slices"},
    "corpus/read_corpus": {"read_lines"},
    "corpus/read_files": READ_FILES,
    "corpus/scenes": {"read_lines"},
    "corpus/speakers": {"read_lines"},
    "corpus/spellings": {"describe_corpus"},
    "corpus/word_blanks": {"read_lines"},
    "corpus/recipe": {"split_lines", *NEW_LINES},
    "corpus/split_rows": {"split_lines"},
    "corpus/stream_lines": {"predict_new_lines"},
    "corpus/units": {"split_lines", "audit_splits", *RESAMPLE, "combine_predictions"},
    "tokens/scratch_encoder": {"build_encoder"},
    "tokens/token_counts": {"inspect_tokens"},
    "tokens/scene_layout": {"tokenize_splits", *NEW_LINES},
    "tokens/tokenized_rows": {"inspect_tokens", *ENCODER},
    "tokens/tokenize_texts": {"tokenize_splits", *NEW_LINES},
    "evaluation/abstention": PREDICT,
    "evaluation/class_description": {"evaluate_splits"},
    "evaluation/best_member": {"combine_predictions"},
    "evaluation/class_metrics": READ,
    "evaluation/class_predictions": {*READ, *PREDICT, *COMBINE, *SHOW_ROWS},
    "evaluation/class_slices": {"evaluate_slices"},
    "evaluation/compare": {"compare_variants"},
    "evaluation/curves": {"evaluate_slices", "draw_figures"},
    "evaluation/combination_record": COMBINE,
    "evaluation/ensemble": {"combine_predictions"},
    "evaluation/intervals": RESAMPLE,
    "evaluation/learned_weights": {"combine_predictions"},
    "evaluation/macro_metrics": {*READ, *PREDICT, *COMBINE, *ENCODER},
    "evaluation/metric_entry": {*READ, *PREDICT, *COMBINE, *ENCODER},
    "evaluation/mean_prediction": SHOW_ROWS,
    # Adding a metric trains and predicts nothing.
    "evaluation/metrics": READ,
    "evaluation/new_predictions": {"predict_new_lines"},
    "evaluation/prediction_files": {*PREDICT, "combine_predictions"},
    "evaluation/predictions": {*READ, *PREDICT, *COMBINE, *SHOW_ROWS},
    "evaluation/probability": {*READ, *COMBINE, *SHOW_ROWS},
    "evaluation/published_metrics": {*READ, *PREDICT, *COMBINE, *ENCODER},
    "evaluation/questions": READ,
    "evaluation/resampling": READ,
    "evaluation/slices": {"evaluate_slices"},
    "evaluation/split_metrics": {"evaluate_splits"},
    "evaluation/surest_rows": {"weigh_words"},
    "evaluation/target_description": {"evaluate_splits"},
    "evaluation/temperature": READ,
    "evaluation/thresholds": READ,
    "evaluation/threshold_files": {
        *("evaluate_splits", "draw_figures", "export_model", "predict_new_lines"),
        "informal_test",
    },
    "evaluation/watched_metrics": {*READ, *PREDICT, *COMBINE, *ENCODER},
    "training/best_epoch": ENCODER,
    "training/checkpoints": {"train_model"},
    "training/classifier": {*ENCODER, "export_onnx"},
    "training/cpu_dropout": {"train_model"},
    "training/device": {"train_model"},
    "training/epoch_log": {"train_model"},
    "training/layer_rates": ENCODER,
    "training/linear_model": {"train_linear", *NEW_LINES},
    "training/exported_model": EXPORT,
    "training/loss": ENCODER,
    "training/model_store": {"train_model"},
    "training/new_lines": NEW_LINES,
    "training/onnx_model": {"export_onnx"},
    "training/onnx_packages": {"export_onnx"},
    "training/processes": {"train_model"},
    "training/scene_packing": ENCODER,
    "training/packing": ENCODER,
    "training/predictor": ENCODER - {"train_model"},
    "training/speaker_task": ENCODER,
    "training/train": {"train_model"},
    "training/trainer": ENCODER,
    "training/used_embeddings": {"train_model"},
    "training/watched_scores": ENCODER,
    "training/word_weights": {"weigh_words"},
    "reporting/addressed_numbers": {*EXPORT, "summarize", "write_report"},
    "reporting/answers": {"informal_test"},
    "reporting/audit_table": {"summarize_audit"},
    "reporting/figure_data": {"draw_figures"},
    "reporting/class_counts": {"describe_corpus"},
    "reporting/corpus_page": {"describe_corpus"},
    "reporting/errors_page": {"write_errors_page"},
    "reporting/export": set(),
    "reporting/figures": {"draw_figures"},
    "reporting/figures_of_speakers": {"draw_figures"},
    "reporting/formats": SHOW,
    "reporting/markdown": SHOW,
    "reporting/model_facts": {"write_report"},
    "reporting/model_card": EXPORT,
    "reporting/export_facts": EXPORT,
    "reporting/new_experiment": set(),
    "reporting/push": set(),
    "reporting/plot_style": {"draw_figures"},
    "reporting/paragraphs": {"summarize"},
    "reporting/provenance": {"write_report"},
    "reporting/recipe_differences": {"write_report"},
    "reporting/report_page": {"write_report"},
    "reporting/token_page": {"inspect_tokens", "write_report"},
    "reporting/search_table": {"write_report"},
    "reporting/split_roles": {"summarize"},
    "reporting/summary": {"summarize"},
    "reporting/summary_of_speakers": {"summarize"},
}


@pytest.mark.parametrize("name", REACHED_BY)
def test_an_edit_in_a_module_makes_the_stages_that_reach_it_stale(name, workflow):
    path = module(workflow, name)
    assert stale_after(lambda: append(path, "\nEDITED = True\n")) == REACHED_BY[name]


def test_every_module_is_known_by_the_stages_that_reach_it():
    modules = [path.relative_to(rooms.PACKAGE).with_suffix("") for path in rooms.modules()]
    assert sorted(map(str, modules)) == sorted(REACHED_BY)


def test_a_new_metric_trains_and_predicts_nothing():
    for stage in ("train_model", "predict_splits", "train_linear"):
        assert "whosaid/evaluation/metrics.py" not in code_digest.stage_code(stage)


def test_the_errors_whose_texts_do_not_count_are_ours():
    tree = ast.parse((rooms.PACKAGE / "errors.py").read_text())
    assert {node.name for node in tree.body if isinstance(node, ast.ClassDef)} == code_digest.ERRORS


@pytest.mark.parametrize("name", [name for name, stages in REACHED_BY.items() if stages])
def test_what_a_stage_reaches_is_no_plumbing(name):
    assert not f"whosaid/{name}.py".startswith(code_digest.PLUMBING)


def test_an_edit_reaches_stages_through_another_module(workflow):
    (workflow / "whosaid" / "deep.py").write_text("DEPTH = 1\n")
    published = module(workflow, "evaluation/published_metrics")
    append(published, "\nfrom whosaid.deep import DEPTH\n")
    path = workflow / "whosaid" / "deep.py"
    found = stale_after(lambda: edit(path, ("1", "2")))
    assert found == REACHED_BY["evaluation/published_metrics"]


def test_modules_that_import_each_other_are_read_once(workflow):
    (workflow / "whosaid" / "deep.py").write_text("import whosaid.evaluation.metrics\n")
    append(module(workflow, "evaluation/metrics"), "\nimport whosaid.deep\n")
    assert "whosaid/deep.py" in code_digest.stage_code("evaluate_splits")


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
    assert "whosaid/deep.py" not in code_digest.stage_code("summarize")
    append(workflow / "whosaid" / "split_names.py", statement)
    assert "whosaid/deep.py" in code_digest.stage_code("summarize")


@pytest.mark.parametrize("statement", ["from ..deep import DEPTH", "from .. import deep"])
def test_a_module_of_a_room_may_import_from_above(statement, workflow):
    (workflow / "whosaid" / "deep.py").write_text("DEPTH = 1\n")
    append(module(workflow, "reporting/summary"), f"\n{statement}\n")
    assert "whosaid/deep.py" in code_digest.stage_code("summarize")


def test_a_module_of_a_room_is_found_by_the_rooms_name(workflow):
    (workflow / "whosaid" / "reporting" / "deep.py").write_text("DEPTH = 1\n")
    append(module(workflow, "reporting/summary"), "\nfrom whosaid.reporting import deep\n")
    assert "whosaid/reporting/deep.py" in code_digest.stage_code("summarize")


def test_what_plumbing_imports_does_not_count(workflow):
    (workflow / "whosaid" / "deep.py").write_text("import torch\n")
    for name in ("errors", "jobs/stage", "caching/manifest"):
        append(module(workflow, name), "\nimport whosaid.deep\n")
    for stage in ("summarize_audit", "fetch_punkt"):
        assert not {"whosaid/deep.py", "torch"} & set(code_digest.stage_code(stage))


def test_a_script_that_imports_another_script_depends_on_it(workflow):
    append(workflow / "scripts" / "summarize.py", "\nfrom evaluate_splits import main as other\n")
    code = code_digest.stage_code("summarize")
    assert {"scripts/evaluate_splits.py", "whosaid/evaluation/thresholds.py"} <= set(code)


def test_imported_packages_stand_with_their_versions():
    code = code_digest.stage_code("train_model")
    for name, distribution in (("numpy", "numpy"), ("sklearn", "scikit-learn")):
        assert code[name] == importlib.metadata.version(distribution)
    # It shapes the token ids although no stage imports it.
    assert code["tokenizers"] == importlib.metadata.version("tokenizers")
    assert not {"json", "pathlib", "whosaid"} & set(code)


def test_of_torch_and_transformers_patch_releases_do_not_count():
    code = code_digest.stage_code("train_model")
    assert {"torch", "transformers"} == code_digest.BY_MINOR_RELEASE
    for name in code_digest.BY_MINOR_RELEASE:
        major, minor, *_ = importlib.metadata.version(name).split(".")
        assert code[name] == f"{major}.{minor}"


def test_every_package_of_every_stage_is_installed():
    for stage in STAGES:
        versions = code_digest.stage_code(stage)
        missing = {name for name, version in versions.items() if version == "not installed"}
        assert missing <= {*PACKAGES}


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
        found[version] = code_digest.stage_code("summarize")["toypackage"]
    assert found == {"1.2": "1.2", "1.2+cpu": "1.2", "1.2+cu130": "1.2", "1.3+cpu": "1.3"}


def test_a_package_may_count_by_its_minor_release(workflow, toy_package, monkeypatch):
    monkeypatch.setattr(code_digest, "BY_MINOR_RELEASE", {"toypackage"})
    append(workflow / "scripts" / "summarize.py", "\nimport toypackage\n")
    found = {}
    for version in ("1.2.3", "1.2.4+cpu", "1.10.0", "2.2"):
        toy_package(version)
        found[version] = code_digest.stage_code("summarize")["toypackage"]
    assert found == {"1.2.3": "1.2", "1.2.4+cpu": "1.2", "1.10.0": "1.10", "2.2": "2.2"}


def test_a_package_that_is_not_there_is_said_to_be_missing(workflow):
    append(workflow / "scripts" / "summarize.py", "\nimport nosuchpackage\n")
    assert code_digest.stage_code("summarize")["nosuchpackage"] == "not installed"


def test_a_stage_without_a_script_is_an_error(workflow):
    with pytest.raises(FileNotFoundError):
        code_digest.stage_code("make_coffee")
