"""Runs the scripts of jobs in forks of a process that has imported their libraries before.

Snakemake starts `sys.executable` for a script. In its place stands a client that hands the script,
its folder, its environment and its streams to the warm process, and ends as the script did. The
workflow's own modules are imported by the fork, so edits of the code count. A job then takes tenths
of a second instead of seconds. It computes with one thread, whatever its rule asks for, since its
libraries were loaded so. Hence two models are equal only if both were trained here, or neither.
"""

import json
import os
import runpy
import socket
import socketserver
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRELOADED = ["datasets", "evaluate", "matplotlib.backends.backend_svg", "matplotlib.figure", "nltk"]
PRELOADED += ["pandas", "psutil", "pyarrow.dataset", "pyarrow.parquet", "safetensors.numpy"]
PRELOADED += ["scipy.stats", "sklearn.calibration", "sklearn.feature_extraction.text"]
PRELOADED += ["sklearn.linear_model", "sklearn.model_selection", "sklearn.pipeline", "tabulate"]
PRELOADED += ["torch", "transformers.pipelines", "transformers.trainer"]

# Isolated and without `site`, so that it starts in a fiftieth of a second.
CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    job = {{"script": sys.argv[1], "folder": os.getcwd(), "environment": dict(os.environ)}}
    socket.send_fds(server, [b"x"], [1, 2])
    server.sendall(json.dumps(job).encode() + b"\\n")
    code = server.recv(16)
sys.exit(int(code or b"1"))
"""


class Handler(socketserver.BaseRequestHandler):
    """Runs the script of one request, in a fork."""

    def handle(self) -> None:
        _, streams, _, _ = socket.recv_fds(self.request, 1, 2)
        job = json.loads(self.request.makefile().readline())
        os.environ.clear()
        os.environ.update(job["environment"])
        os.chdir(job["folder"])
        for stream, number in zip(streams, (1, 2), strict=True):
            os.dup2(stream, number)
        # As Python does it at its start.
        paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        sys.path[:1] = [str(Path(job["script"]).parent), *filter(None, paths)]
        sys.argv[:] = [job["script"]]
        code: object = 0
        try:
            runpy.run_path(job["script"], run_name="__main__")
        except SystemExit as end:
            code = end.code
        except BaseException:
            sys.excepthook(*sys.exc_info())
            code = 1
        for printed in (sys.stdout, sys.stderr):
            printed.flush()
        self.request.sendall(str(code if isinstance(code, int) else int(code is not None)).encode())


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Forks for every request."""

    max_children = 100


def serve(address: str) -> None:
    """Import the libraries, then run what the clients ask for."""
    for name in PRELOADED:
        __import__(name)
    with Server(address, Handler) as server:
        print("ready", flush=True)
        server.serve_forever()


@contextmanager
def warm_python() -> Iterator[str]:
    """The path of a client to set as `sys.executable`."""
    # The address of a socket may have no more than 100 characters.
    with tempfile.TemporaryDirectory() as folder:
        address, client = f"{folder}/socket", Path(folder, "python")
        client.write_text(CLIENT.format(python=sys.executable, address=address), encoding="utf-8")
        client.chmod(0o755)
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLCONFIGDIR": folder}
        environment |= {f"HF_{name}_OFFLINE": "1" for name in ("HUB", "DATASETS", "EVALUATE")}
        environment |= {f"HF_{name}_CACHE": folder for name in ("DATASETS", "MODULES")}
        command = [sys.executable, __file__, address]
        server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout.readline() == "ready\n"
            yield str(client)
        finally:
            server.terminate()
            server.wait()
            server.stdout.close()


if __name__ == "__main__":
    serve(sys.argv[1])
