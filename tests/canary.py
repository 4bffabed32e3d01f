"""A server of this machine that remembers who asked it for something, as what should, or should not, be."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind; the library would also ask for the name of the address, which may take long."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])


class Canary:
    """Answers with its pages, and 404 to all else; datagrams to the same port are counted too."""

    def __init__(self, host: str) -> None:
        self.asked: list[str] = []
        """The paths, those of pages too."""
        self.calls = 0
        """Connections, also those that asked for nothing."""
        self.pages: dict[str, bytes] = {}
        canary = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                canary.calls += 1
                super().setup()

            def do_GET(self) -> None:
                canary.asked.append(self.path)
                page = canary.pages.get(self.path)
                self.send_response(404 if page is None else 200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page or b"")

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *said: object) -> None:
                return

        self.server = _Server((host, 0), Handler)
        self.host, self.port = host, self.server.server_port
        self.address = f"http://{host}:{self.port}"
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.bind((host, self.port))
        self._datagrams.setblocking(False)

    def datagrams(self) -> int:
        """Count those that came since this was last asked."""
        count = 0
        while True:
            try:
                self._datagrams.recv(1024)
            except BlockingIOError:
                return count
            count += 1

    def forget(self) -> None:
        """Have heard of nothing yet."""
        self.asked.clear()
        self.calls = self.datagrams() * 0

    def close(self) -> None:
        """Answer no more."""
        self.server.shutdown()
        self.server.server_close()
        self._datagrams.close()


@contextmanager
def listening(host: str = "127.0.0.1") -> Iterator[Canary]:
    """Have one answer."""
    canary = Canary(host)
    serving = threading.Thread(target=canary.server.serve_forever)
    serving.start()
    try:
        yield canary
    finally:
        canary.close()
        serving.join()
