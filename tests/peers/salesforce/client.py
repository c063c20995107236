"""What the tests talk to the server with: one connection that stays open."""

import gzip
import http.client
import json
import threading
from urllib.parse import quote

from assembly import arguments, build

VERSION = "/services/data/v60.0"


class Peer:
    """A server in this process, and a client of it."""

    def __init__(self, *flags):
        small = ["--accounts", "60", "--contacts", "30", "--opportunities", "12", "--orders", "10", "--wide", "2"]
        self.flags = arguments([*small, *flags])
        self.server = build(self.flags)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=20)
        self.token, self.headers = self.flags.token, {}

    def close(self):
        """Ends both."""
        self.connection.close()
        self.server.shutdown()
        self.server.server_close()

    def raw(self, method, path, body=None, **headers):
        """The status and the bytes of an answer; its headers are kept."""
        sent = {"Authorization": f"Bearer {self.token}"}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        self.connection.request(method, path, body, sent)
        answer = self.connection.getresponse()
        data = answer.read()
        self.headers = dict(answer.getheaders())
        return answer.status, gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data

    def ask(self, method, path, body=None, **headers):
        """The status and the tree of an answer of this version of the API."""
        if body is not None:
            body, headers = json.dumps(body), {"Content_Type": "application/json", **headers}
        address = path if path.startswith("/services") or path.startswith("/_") else VERSION + path
        status, data = self.raw(method, address, body, **headers)
        return status, json.loads(data) if data else None

    def query(self, soql, resource="query", **headers):
        """The first answer to a query, which must succeed."""
        status, answer = self.ask("GET", f"/{resource}?q={quote(soql)}", **headers)
        if status != 200:
            raise AssertionError(f"{soql}: {answer}")
        return answer

    def all(self, soql, field="Id", **headers):
        """A field of all records that a query finds, batch after batch."""
        answer = self.query(soql, **headers)
        found = [record[field] for record in answer["records"]]
        while not answer["done"]:
            _, answer = self.ask("GET", answer["nextRecordsUrl"])
            found += [record[field] for record in answer["records"]]
        return found

    def refusal(self, soql):
        """The code and the message with which a query is refused."""
        status, answer = self.ask("GET", f"/query?q={quote(soql)}")
        if status != 400:
            raise AssertionError(f"{soql}: {status} {answer}")
        return answer[0]["errorCode"], answer[0]["message"]
