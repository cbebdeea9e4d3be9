"""A server on this machine that answers as the hub does, for as long as a test needs it."""

import threading
from contextlib import contextmanager
from http.server import ThreadingHTTPServer


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
