"""No call of one system only: the workflow runs on Linux, macOS and WSL2."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
MODULES = sorted((PROJECT / "workflow").rglob("*.py"))
CSV = Path("data/sample/script_data_processed.csv")

# os.kill(pid, 0) asks whether a process lives, but ends it on Windows.
MODULES_OF_ONE_SYSTEM = {"ctypes", "fcntl", "grp", "msvcrt", "posix", "pty", "pwd", "resource"}
MODULES_OF_ONE_SYSTEM |= {"syslog", "termios", "tty", "winreg"}
CALLS_OF_ONE_SYSTEM = {"fork", "getuid", "geteuid", "kill", "killpg", "mkfifo", "posix_fadvise"}
CALLS_OF_ONE_SYSTEM |= {"sched_getaffinity", "sched_setaffinity", "setsid", "statvfs", "uname"}

# filelock imports fcntl where there is one.
WITHOUT_FCNTL = """
import sys
sys.modules["fcntl"] = None
sys.path[:0] = ["{project}/workflow", "{project}/workflow/scripts"]

import read_lines
read_lines.main(
    csv="{csv}", lines="lines.parquet", corpus="corpus.json", target_speaker="dwight",
    top_speakers=10,
)

from snakemake.cli import main
main(["-s", "{project}/Snakefile", "-n"])
"""


def of_one_system(code: str) -> list[str]:
    """The imports, calls and paths in a module's code that not every system has."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found += [each.name for each in node.names if each.name in MODULES_OF_ONE_SYSTEM]
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES_OF_ONE_SYSTEM:
            found.append(node.module)
        elif isinstance(node, ast.Attribute) and node.attr in CALLS_OF_ONE_SYSTEM:
            found.append(node.attr)
        elif isinstance(node, ast.Constant) and str(node.value).startswith(
            ("/proc", "/sys", "/dev")
        ):
            found.append(node.value)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_module_needs_what_only_one_system_has(path):
    """Locks once stood on fcntl, and the question whether a process lives on os.kill."""
    assert of_one_system(path.read_text(encoding="utf-8")) == []


def test_what_only_one_system_has_is_found():
    code = "import fcntl\nfrom resource import x\nos.kill(1, 0)\nopen('/proc/self/status')\n"
    assert sorted(of_one_system(code)) == ["/proc/self/status", "fcntl", "kill", "resource"]


def test_a_job_and_a_dry_run_need_no_fcntl(tmp_path):
    (tmp_path / CSV).parent.mkdir(parents=True)
    shutil.copy(PROJECT / CSV, tmp_path / CSV)
    code = WITHOUT_FCNTL.format(project=PROJECT, csv=CSV)
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (tmp_path / "lines.parquet").is_file(), run.stderr
    assert "train_model, " in run.stdout, run.stderr
