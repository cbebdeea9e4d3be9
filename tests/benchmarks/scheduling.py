"""How busy the cores are when there are many trainings: a run of the real rules with idle scripts.

    python tests/benchmarks/scheduling.py [--variants 200] [--seeds 3] [--train-seconds 5]

The script of each stage only waits and creates its outputs: a training and its predictions for
the seconds that are given, all others not at all. So Snakemake starts, orders and ends all jobs as
ever, and a core counts as busy while a job holds it, from its first line to its last. The
shorter a training, the more of the time of a core goes by between two jobs; real ones take minutes.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from dry_run import STUB, make_finished_tree
from measure import parse, parser, publish

TIMED = """
import json, time
started = time.time()
seconds = {{"train_model": {train}, "predict_splits": {predict}}}
time.sleep(seconds.get(snakemake.rule, 0))
{stub}
line = json.dumps([snakemake.rule, started, time.time(), snakemake.threads])
with open("timeline.jsonl", "a") as file:
    print(line, file=file)
"""

TENTHS = 10


def busy_shares(jobs: list[tuple[float, float, int]], cores: int, parts: int) -> list[float]:
    """The share of the `cores` that jobs hold in each of so many equal parts of the run.

    A job is its start and end, in seconds, and its threads.
    """
    first, last = min(job[0] for job in jobs), max(job[1] for job in jobs)
    length = (last - first) / parts
    shares = []
    for number in range(parts):
        begin, end = first + number * length, first + (number + 1) * length
        held = (
            threads * max(0.0, min(stop, end) - max(start, begin)) for start, stop, threads in jobs
        )
        shares.append(sum(held) / (cores * length))
    return shares


def main(arguments: list[str] | None = None) -> None:
    """Print the table and write scheduling.json."""
    options = parser(__doc__)
    options.add_argument("--variants", type=int, default=200)
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--train-seconds", type=float, default=5.0)
    options.add_argument("--predict-seconds", type=float, default=2.0)
    options.add_argument("--cores", type=int, default=4, help="as Snakemake counts them")
    options = parse(options, arguments)
    stub = TIMED.format(
        train=options.train_seconds, predict=options.predict_seconds, stub=STUB.strip()
    )
    flags = ["--cores", str(options.cores), "--resources", f"gpu={options.cores}"]
    with tempfile.TemporaryDirectory() as folder:
        jobs = make_finished_tree(Path(folder), options.variants, options.seeds, stub, flags)
        lines = Path(folder, "timeline.jsonl").read_text(encoding="utf-8").splitlines()
    timeline = [tuple(json.loads(line)) for line in lines]
    held = [job[1:] for job in timeline]
    trained = [job[1:] for job in timeline if job[0] == "train_model"]
    meanwhile = clipped(held, trained)
    rows: list[dict[str, Any]] = [
        {
            "jobs": jobs,
            "trainings": len(trained),
            "cores": options.cores,
            "minutes": (max(job[1] for job in held) - min(job[0] for job in held)) / 60,
            "busy": busy_shares(held, options.cores, 1)[0],
            "busy from the first training to the last": busy_shares(meanwhile, options.cores, 1)[0],
            "least busy tenth of these": min(busy_shares(meanwhile, options.cores, TENTHS)),
        }
    ]
    publish("scheduling", rows, options)


def clipped(
    jobs: list[tuple[float, float, int]], within: list[tuple[float, float, int]]
) -> list[tuple[float, float, int]]:
    """The parts of the `jobs` between the first start and the last end of those `within`."""
    first, last = min(job[0] for job in within), max(job[1] for job in within)
    parts = ((max(start, first), min(stop, last), threads) for start, stop, threads in jobs)
    return [part for part in parts if part[0] < part[1]]


if __name__ == "__main__":
    main()
