"""HTTP: connections that stay open, limits of addresses, compression, sign-in, and the order of all this."""

import gzip
import json
import socket
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from faults import ApiError, bad_json, not_found
from identity import user_info
from json_text import dumps
from routes import Request

LONGEST_ADDRESS = 16_384
LARGEST_BODY = 50 * 1024 * 1024


class Server(ThreadingHTTPServer):
    """Listens on the loopback interface only."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, api, identity, rehearsal):
        super().__init__(("127.0.0.1", port), Handler)
        self.api, self.identity, self.rehearsal = api, identity, rehearsal
        self.connections, self.counting = 0, threading.Lock()

    def number(self):
        """The number of a new connection."""
        with self.counting:
            self.connections += 1
            return self.connections

    def handle_error(self, request, client_address):
        """That a client hangs up is no news."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "peer", ""
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def setup(self):
        super().setup()
        self.connection_number = self.server.number()

    def log_message(self, format, *args):
        """Nothing is printed; tests ask for the log."""

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.serve
        raise AttributeError(name)

    def serve(self):
        """Answers one request."""
        body = self.read_body()
        if body is None:
            return
        address = urlsplit(self.path)
        if address.path.startswith("/_control"):
            self.control(address.path, body)
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() != "authorization"}
        self.server.rehearsal.note({
            "method": self.command, "path": address.path, "query": address.query, "headers": headers,
            "body": body.decode("utf-8", "replace"), "connection": self.connection_number})
        try:
            status, tree = self.answer(address, body)
        except ApiError as error:
            status, tree = error.status, error.body()
        except Fault as fault:
            self.misbehave(fault.arranged)
            return
        except Exception as error:  # A mistake in here must not look like a cut connection.
            traceback.print_exc()
            status, tree = 500, ApiError(500, "UNKNOWN_EXCEPTION", f"An unexpected error occurred: {error!r}").body()
        if isinstance(tree, bytes):
            self.send(status, tree, [("Content-Type", "application/octet-stream")])
            return
        self.send(status, None if tree is None else dumps(tree))

    def answer(self, address, body):
        """The status and the tree of the answer."""
        if len(self.path) > LONGEST_ADDRESS:
            raise ApiError(414, "URI_TOO_LONG", f"The length of the URI exceeds the {LONGEST_ADDRESS:,} byte limit")
        if len(self.path) + len(bytes(self.headers)) > LONGEST_ADDRESS:
            raise ApiError(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", "The combined length of the URI and headers exceeds the "
                                                                   f"{LONGEST_ADDRESS:,} byte limit")
        arranged = self.server.rehearsal.fault(self.command, address.path)
        if arranged:
            raise Fault(arranged)
        here = f"http://{self.headers.get('Host', 'localhost')}"
        authorization = self.headers.get("Authorization")
        if address.path == "/services/oauth2/token" and self.command == "POST":
            return self.server.identity.token(body, authorization, here)
        is_good = self.server.identity.is_good(authorization)
        if address.path == "/services/oauth2/userinfo":
            if not is_good:
                raise Fault({"status": 403, "body": "Bad_OAuth_Token", "headers": {"Content-Type": "text/html"}})
            return 200, user_info(here)
        request = self.request_of(address, body, here)
        if request.segments:
            if not is_good:
                raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
            if not self.server.rehearsal.count():
                raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        return self.server.api.answer(request)

    def request_of(self, address, body, here):
        """The request with its address taken apart; 404 if it is none of the API's."""
        try:
            segments = [unquote(part, errors="strict") for part in address.path.strip("/").split("/")]
            parameters = dict(parse_qsl(address.query, keep_blank_values=True, errors="strict"))
        except (UnicodeDecodeError, ValueError) as error:
            raise ApiError(400, "MALFORMED_QUERY", "The address is not UTF-8") from error
        if segments[:2] != ["services", "data"]:
            raise not_found()
        return Request(self.command, segments[2:], parameters, self.headers, body, here)

    def read_body(self):
        """The body; None if the request cannot be read and was answered."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self.send(411 if "Transfer-Encoding" in self.headers else 413, dumps(bad_json("no length, or too long").body()))
            return None
        body = self.rfile.read(int(length))
        if (self.headers.get("Content-Encoding") or "").lower() == "gzip":
            try:
                body = gzip.decompress(body)
            except (OSError, EOFError):
                self.send(400, dumps(bad_json("The body is not gzip").body()))
                return None
        return body

    def send(self, status, text, headers=(), is_cut=False):
        """Sends an answer; half of it if it is to be cut."""
        data = text.encode("utf-8", "replace") if isinstance(text, str) else text or b""
        used, limit = self.server.rehearsal.usage()
        self.send_response(status)
        self.send_header("Sforce-Limit-Info", f"api-usage={used}/{limit}")
        named = {name.lower() for name, _ in headers}
        if text is not None and "content-type" not in named:
            self.send_header("Content-Type", "application/json;charset=UTF-8")
        for name, value in headers:
            self.send_header(name, value)
        if len(data) > 256 and "gzip" in (self.headers.get("Accept-Encoding") or "").lower():
            data = gzip.compress(data, 1, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:len(data) // 2] if is_cut else data)
        self.wfile.flush()

    def misbehave(self, fault):
        """Does what a test has arranged."""
        text = fault.get("body")
        if text is None and fault.get("status", 500) != 204:
            code = fault.get("errorCode", "UNKNOWN_EXCEPTION")
            text = dumps([{"message": fault.get("message", f"arranged: {code}"), "errorCode": code}])
        is_cut = bool(fault.get("cut") or fault.get("stall"))
        self.send(fault.get("status", 200 if is_cut else 500), text, list(fault.get("headers", {}).items()), is_cut)
        if is_cut:
            self.close_connection = True
        if fault.get("stall"):
            # Half an answer, and then nothing until the client gives up.
            self.rfile.read()
        elif is_cut:
            self.connection.shutdown(socket.SHUT_RDWR)

    def control(self, path, body):
        """The hooks of tests."""
        rehearsal = self.server.rehearsal
        if path == "/_control/log" and self.command == "GET":
            self.send(200, dumps(list(rehearsal.seen)))
            return
        if path != "/_control" or self.command != "POST":
            self.send(404, dumps({"problem": "there are POST /_control and GET /_control/log"}))
            return
        try:
            problem = rehearsal.arrange(json.loads(body), self.server.identity, self.server.api.cursors)
        except ValueError as error:
            problem = str(error)
        self.send(400 if problem else 200, dumps({"problem": problem} if problem else {}))


class Fault(Exception):
    """A test has arranged what happens."""

    def __init__(self, arranged):
        super().__init__("arranged")
        self.arranged = arranged
