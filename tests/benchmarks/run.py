"""The whole benchmark suite: tables on the terminal, one JSON file per part.

    python tests/benchmarks/run.py [PART ...] [--csv CSV --encoder FOLDER] [--rows N]

By default on the shipped sample with encoders from scratch. With the folder of a pre-trained
encoder, on the CSV that WHOSAID_OFFICE_CSV names. Each part can be run alone and has further
options; `gpu` and `scheduling` (half an hour) are not among the parts run by default.
"""

import subprocess
import sys
from pathlib import Path

from measure import parse, parser

PARTS = ("training", "scenes", "run_classification", "data_stages", "growth", "overhead", "dry_run")
BY_NAME = ("gpu", "scheduling")
# With hours of training there would be no overhead.
OF_SAMPLE = ("overhead", "dry_run", "scheduling")
WITH_ROWS = ("training", "run_classification")


def main(arguments: list[str] | None = None) -> None:
    """Run the chosen parts one after the other, each in a process of its own."""
    options = parser(__doc__)
    names = ", ".join((*PARTS, *BY_NAME))
    options.add_argument("parts", nargs="*", metavar="PART", help=f"of {names}")
    options.add_argument("--rows", type=int, help="training rows of training, run_classification")
    options = parse(options, arguments)
    for part in options.parts or PARTS:
        command = [sys.executable, str(Path(__file__).with_name(f"{part}.py"))]
        command += ["--output", str(options.output)]
        for name in ("csv", "encoder"):
            if getattr(options, name) is not None and part not in OF_SAMPLE:
                command += [f"--{name}", getattr(options, name)]
        if options.rows is not None and part in WITH_ROWS:
            command += ["--rows", str(options.rows)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
