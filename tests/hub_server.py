"""A server on this machine that answers as the hub does, for as long as a test needs it."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REVISION = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def served(handler, **facts):
    """A running server with this request `handler`; `facts` are attributes of the server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    for name, value in facts.items():
        setattr(server, name, value)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Hub(BaseHTTPRequestHandler):
    """The three answers of the hub that a download needs: the tree, a file's facts, the file."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(with_body=True)

    def do_HEAD(self):
        self.answer(with_body=False)

    def answer(self, with_body):
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        folder = self.server.folder
        if path.startswith("/api/models/toy/encoder/tree/"):
            files = [
                {"type": "file", "path": name, "size": len(content), "oid": git_id(content)}
                for name, content in contents(folder)
            ]
            self.send(200, json.dumps(files).encode(), with_body)
        elif path.startswith(f"/toy/encoder/resolve/{REVISION}/"):
            content = (folder / path.rpartition(f"/{REVISION}/")[2]).read_bytes()
            facts = {"ETag": f'"{git_id(content)}"', "X-Repo-Commit": REVISION}
            self.send(200, content, with_body, **facts)
        else:
            self.send(404, b"{}", with_body, **{"X-Error-Code": "RepoNotFound"})

    def send(self, status, body, with_body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body and self.server.cuts_off and "/resolve/" in self.path:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif with_body:
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def git_id(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(path.relative_to(folder).as_posix(), path.read_bytes()) for path in files]


def hub_of(folder):
    """A hub whose one repository holds the files of `folder`."""
    return served(Hub, folder=folder, asked=[], cuts_off=False)


def endpoint(server, home):
    host, port = server.server_address
    return {"HF_ENDPOINT": f"http://{host}:{port}", "HF_HOME": str(home)}
