"""An exported folder goes to the repository that the user names, and to no other."""

import base64
import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from hub_server import served

from whosaid.caching.manifest import digests
from whosaid.errors import InputError
from whosaid.reporting.push import push as upload

WORKFLOW = Path(__file__).parents[3] / "workflow"
FOLDER = Path("results", "demo", "export", "basic_distilbert", "seed_42")
FILES = {"config.json": b"{}", "model.safetensors": b"weights", "README.md": b"---\n---\n# A card"}


class Hub(BaseHTTPRequestHandler):
    """The answers of the hub that an upload of small files needs; it keeps what it is given."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        hub = self.server
        address = f"http://{hub.server_address[0]}:{hub.server_address[1]}"
        if self.headers["Authorization"] != "Bearer hf_right":
            self.send(401, {"error": "Invalid credentials in Authorization header"})
        elif self.path == "/api/repos/create":
            hub.created.append(json.loads(body))
            name = "/".join([hub.created[-1].get("organization") or "me", hub.created[-1]["name"]])
            self.send(200, {"url": f"{address}/{name}"})
        elif "/preupload/" in self.path:
            files = [
                {"path": each["path"], "uploadMode": "regular", "shouldIgnore": False}
                for each in json.loads(body)["files"]
            ]
            self.send(200, {"files": files})
        elif self.path == "/api/validate-yaml":
            self.send(200, {})
        elif "/commit/" in self.path:
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    content = base64.b64decode(line["value"]["content"])
                    hub.files[line["value"]["path"]] = content
            hub.committed.append(self.path)
            self.send(200, {"commitUrl": f"{address}/me/x/commit/0", "commitOid": "0" * 40})
        else:
            self.send(404, {})

    def do_GET(self):
        self.send(401, {})

    def send(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def hub_of_nothing():
    """A hub that has no repository yet."""
    return served(Hub, created=[], committed=[], files={})


@pytest.fixture
def place(tmp_path):
    """A folder with an export in it, beside what Snakemake leaves there."""
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / "whosaid.json").write_text(json.dumps({"files": digests(folder)}))
    (folder / ".snakemake_timestamp").touch()
    return tmp_path


def push(place, repo, server=None, token="hf_right", *options, **environment):
    """Run the command in a fresh Python, since the hub's settings are read at import.

    The library tries several times before it gives up on a hub; it is not to wait in between.
    """
    code = (
        "import time; time.sleep = lambda seconds: None\n"
        "from whosaid.reporting.push import main; main()\n"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    clean |= {"PYTHONPATH": str(WORKFLOW), "HF_HOME": str(place / "home")}
    if server is not None:
        host, port = server.server_address
        clean["HF_ENDPOINT"] = f"http://{host}:{port}"
    if token is not None:
        clean["HF_TOKEN"] = token
    command = ["--variant", "basic_distilbert", "--repo", repo, *options, "--configfile"]
    return subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=place,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def complaint_of(done):
    """The one line that a refused upload says."""
    assert done.returncode == 1, done.stdout
    [line] = done.stderr.splitlines()
    return line


def test_every_file_of_the_export_is_uploaded_and_no_other(place):
    with hub_of_nothing() as hub:
        done = push(place, "me/dwight_or_not", hub)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("/me/dwight_or_not")
    [created] = hub.created
    assert (created["organization"], created["name"]) == ("me", "dwight_or_not")
    assert set(hub.files) == {*FILES, "whosaid.json"}
    assert {name: hub.files[name] for name in FILES} == FILES
    assert hub.committed == ["/api/models/me/dwight_or_not/commit/main"]


def test_a_new_repository_is_private_unless_it_is_to_be_public(place):
    with hub_of_nothing() as hub:
        push(place, "me/one", hub)
        push(place, "me/two", hub, "hf_right", "--public")
    private = [each.get("private") or each.get("visibility") == "private" for each in hub.created]
    assert private == [True, False]


@pytest.mark.parametrize("repo", ["", "me/my show", "a/b/c", "me/-x", "me/x--y"])
def test_a_name_that_the_hub_does_not_take_is_refused_before_anything_is_sent(place, repo):
    with pytest.raises(InputError) as refused:
        upload(place / FOLDER, repo, is_private=True)
    line = str(refused.value)
    assert line.startswith(f"REPO={repo}: ") and "user/name" in line and "\n" not in line


def test_a_missing_token_is_one_line_that_says_how_to_get_one(place):
    with hub_of_nothing() as hub:
        line = complaint_of(push(place, "me/x", hub, token=None))
    assert "no token" in line and "hf auth login" in line
    assert hub.created == []


def test_a_wrong_token_is_one_line(place):
    with hub_of_nothing() as hub:
        line = complaint_of(push(place, "me/x", hub, token="hf_wrong"))
    assert line == "REPO=me/x: the hub refuses it (401: the token is not valid)"


def test_a_hub_that_cannot_be_reached_is_one_line(place):
    with hub_of_nothing() as hub:
        pass
    assert "the hub cannot be reached" in complaint_of(push(place, "me/x", hub))
    line = complaint_of(push(place, "me/x", None, "hf_right", HF_HUB_OFFLINE="1"))
    assert "the hub cannot be reached" in line


def test_what_was_not_exported_or_was_changed_is_not_uploaded(place):
    with hub_of_nothing() as hub:
        (place / FOLDER / "model.safetensors").write_bytes(b"others")
        line = complaint_of(push(place, "me/x", hub))
        assert "model.safetensors was changed or cut short since the export" in line
        (place / FOLDER / "whosaid.json").unlink()
        line = complaint_of(push(place, "me/x", hub))
        assert "not exported; type `make export VARIANT=basic_distilbert SEED=42` first" in line
    assert hub.created == []
