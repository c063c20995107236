"""All around the records: descriptions, batches, sign-in, limits, and what tests arrange."""

import http.client
import json
import pathlib
import subprocess
import sys
import unittest
from urllib.parse import quote, urlencode

from client import VERSION, Peer


class Service(unittest.TestCase):
    """One server; a test that arranges something takes it back."""

    @classmethod
    def setUpClass(cls):
        cls.peer = Peer("--accounts", "2500")

    @classmethod
    def tearDownClass(cls):
        cls.peer.close()

    def setUp(self):
        self.peer.token = self.peer.flags.token
        self.peer.server.identity.good = {self.peer.token}
        self.arrange(reset=True)

    def arrange(self, **orders):
        self.assertEqual(self.peer.ask("POST", "/_control", orders)[0], 200)

    def log(self):
        return self.peer.ask("GET", "/_control/log")[1]

    def test_versions_and_resources(self):
        status, versions = self.peer.ask("GET", "/services/data")
        self.assertEqual(status, 200)
        self.assertIn({"label": "Version 60", "url": "/services/data/v60.0", "version": "60.0"}, versions)
        self.assertEqual(self.peer.ask("GET", "/")[1]["query"], f"{VERSION}/query")
        self.assertEqual(self.peer.ask("GET", "/services/data/v1.0/sobjects")[0], 404)
        self.assertEqual(self.peer.ask("GET", "/nothing")[1][0]["errorCode"], "NOT_FOUND")

    def test_descriptions(self):
        listed = self.peer.ask("GET", "/sobjects")[1]
        self.assertEqual((listed["encoding"], listed["maxBatchSize"]), ("UTF-8", 200))
        by_name = {entry["name"]: entry for entry in listed["sobjects"]}
        self.assertFalse(by_name["Acme_Signal__e"]["queryable"])
        self.assertEqual(by_name["Account"]["keyPrefix"], "001")
        for name in by_name:
            status, found = self.peer.ask("GET", f"/sobjects/{name}/describe")
            self.assertEqual((status, found["fields"][0]["name"]), (200, "Id"))
        self.assertEqual(len(self.peer.ask("GET", "/sobjects/Wide__c/describe")[1]["fields"]), 500)
        kinds = {field["type"] for name in by_name for field in self.peer.ask("GET", f"/sobjects/{name}/describe")[1]["fields"]}
        self.assertEqual(kinds, {"id", "string", "textarea", "picklist", "multipicklist", "boolean", "int", "double", "currency",
                                 "percent", "date", "datetime", "time", "email", "phone", "url", "reference", "address",
                                 "location", "base64", "encryptedstring", "anyType", "long"})

    def test_every_record_once_whatever_the_batch(self):
        every = list(self.peer.server.api.store.records["Account"])
        for options, size in [(None, 2000), ("batchSize=200", 200), ("batchSize=1", 200), ("batchSize=5000", 2000)]:
            headers = {"Sforce_Query_Options": options} if options else {}
            answer = self.peer.query("SELECT Id FROM Account", **headers)
            self.assertEqual((len(answer["records"]), answer["totalSize"], answer["done"]), (size, 2500, False))
            self.assertTrue(answer["nextRecordsUrl"].endswith(f"-{size}"))
            self.assertEqual(self.peer.all("SELECT Id FROM Account", **headers), every)

    def test_a_cursor_shows_what_was_there(self):
        answer = self.peer.query("SELECT Id, Name FROM Account", "queryAll")
        self.assertIn("/query/01g", answer["nextRecordsUrl"])
        last = list(self.peer.server.api.store.records["Account"])[-1]
        self.assertEqual(self.peer.ask("PATCH", f"/sobjects/Account/{last}", {"Name": "changed"})[0], 204)
        for address in (answer["nextRecordsUrl"], answer["nextRecordsUrl"].replace("/query/", "/queryAll/")):
            self.assertNotEqual(self.peer.ask("GET", address)[1]["records"][-1]["Name"], "changed")
        self.arrange(forget_cursors=True)
        for locator in (answer["nextRecordsUrl"].rpartition("/")[2], "01gDn0000000000AAA-2000", "x"):
            status, refusal = self.peer.ask("GET", f"/query/{quote(locator)}")
            self.assertEqual((status, refusal[0]["errorCode"]), (400, "INVALID_QUERY_LOCATOR"))

    def test_small_batches_for_tests(self):
        small = Peer("--min-batch", "1", "--batch", "7")
        try:
            self.assertEqual(len(small.query("SELECT Id FROM Account")["records"]), 7)
            self.assertEqual(len(small.query("SELECT Id FROM Account", Sforce_Query_Options="batchSize=3")["records"]), 3)
            self.assertEqual(len(small.all("SELECT Id FROM Account", Sforce_Query_Options="batchSize=1")), 60)
        finally:
            small.close()

    def test_sessions(self):
        self.peer.token = "wrong"
        status, answer = self.peer.ask("GET", "/sobjects")
        self.assertEqual((status, answer), (401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]))
        self.assertEqual(self.peer.raw("GET", "/services/oauth2/userinfo"), (403, b"Bad_OAuth_Token"))
        self.assertEqual(self.peer.ask("GET", "/services/data")[0], 200)
        self.peer.token = self.peer.flags.token
        self.assertEqual(self.peer.ask("GET", "/services/oauth2/userinfo")[1]["preferred_username"], "sample@example.com")
        self.arrange(expire_tokens=True)
        self.assertEqual(self.peer.ask("GET", "/sobjects")[0], 401)

    def sign_in(self, headers=None, **form):
        kind = {"Content_Type": "application/x-www-form-urlencoded"}
        status, data = self.peer.raw("POST", "/services/oauth2/token", urlencode(form), **kind, **(headers or {}))
        return status, json.loads(data)

    def test_tokens(self):
        client = {"client_id": "sample-client", "client_secret": "sample-secret"}
        for form in ({"grant_type": "client_credentials"}, {"grant_type": "refresh_token", "refresh_token": "sample-refresh"},
                     {"grant_type": "authorization_code", "code": "sample-code"}):
            status, answer = self.sign_in(**form, **client)
            self.assertEqual((status, answer["token_type"]), (200, "Bearer"))
            self.assertEqual("refresh_token" in answer, form["grant_type"] == "authorization_code")
            self.assertEqual(answer["instance_url"], f"http://127.0.0.1:{self.peer.server.server_port}")
            self.peer.token = answer["access_token"]
            self.assertEqual(self.peer.ask("GET", "/sobjects")[0], 200)
        basic = {"Authorization": "Basic c2FtcGxlLWNsaWVudDpzYW1wbGUtc2VjcmV0"}
        self.assertEqual(self.sign_in(basic, grant_type="client_credentials")[0], 200)
        for form, error in [({"grant_type": "refresh_token", "refresh_token": "old", **client}, "invalid_grant"),
                            ({"grant_type": "authorization_code", "code": "old", **client}, "invalid_grant"),
                            ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "x"}, "invalid_client_id"),
                            ({"grant_type": "client_credentials", **client, "client_secret": "x"}, "invalid_client"),
                            ({"grant_type": "password", **client}, "unsupported_grant_type")]:
            status, answer = self.sign_in(**form)
            self.assertEqual((status, answer["error"]), (400, error))
            self.assertTrue(answer["error_description"])

    def test_limits_of_addresses(self):
        status, answer = self.peer.ask("GET", "/query?q=" + "x" * 16_384)
        self.assertEqual((status, answer[0]["errorCode"]), (414, "URI_TOO_LONG"))
        status, _ = self.peer.ask("GET", "/query?q=" + "x" * 16_000, X_Padding="y" * 400)
        self.assertEqual(status, 431)
        self.assertEqual(self.peer.ask("GET", "/query?q=" + "x" * 16_000)[0], 400)

    def test_the_limit_of_calls(self):
        self.arrange(api_limit=2)
        self.assertEqual([self.peer.ask("GET", "/sobjects")[0] for _ in range(3)], [200, 200, 403])
        self.assertEqual(self.peer.headers["Sforce-Limit-Info"], "api-usage=3/2")

    def test_compression(self):
        status, plain = self.peer.raw("GET", f"{VERSION}/sobjects")
        self.assertNotIn("Content-Encoding", self.peer.headers)
        self.assertEqual(self.peer.raw("GET", f"{VERSION}/sobjects", Accept_Encoding="gzip"), (status, plain))
        self.assertEqual(self.peer.headers["Content-Encoding"], "gzip")

    def test_the_log_tells_connections_apart_and_keeps_no_token(self):
        self.peer.ask("GET", "/query?q=SELECT+Id+FROM+Account+LIMIT+1")
        self.peer.ask("POST", "/sobjects/Account", {"Name": "ü"})
        other = http.client.HTTPConnection("127.0.0.1", self.peer.server.server_port, timeout=20)
        other.request("GET", "/services/data")
        other.getresponse().read()
        other.close()
        first, second, third = self.log()
        self.assertEqual((first["method"], first["path"], first["query"]),
                         ("GET", f"{VERSION}/query", "q=SELECT+Id+FROM+Account+LIMIT+1"))
        self.assertEqual(json.loads(second["body"]), {"Name": "ü"})
        self.assertEqual(first["connection"], second["connection"])
        self.assertNotEqual(first["connection"], third["connection"])
        self.assertNotIn(self.peer.token, json.dumps(self.log()))

    def test_arranged_faults(self):
        self.arrange(fail=[{"path": "/query", "status": 403, "errorCode": "REQUEST_LIMIT_EXCEEDED", "times": 2},
                           {"path": "/describe", "status": 503, "after": 1, "headers": {"Retry-After": "7"}, "body": "busy"}])
        path = "/query?q=SELECT+Id+FROM+Account+LIMIT+1"
        self.assertEqual([self.peer.ask("GET", path)[0] for _ in range(3)], [403, 403, 200])
        describe = f"{VERSION}/sobjects/Account/describe"
        self.assertEqual([self.peer.raw("GET", describe)[0] for _ in range(3)], [200, 503, 200])
        self.assertEqual(self.peer.ask("POST", "/_control", {"fial": {}})[0], 400)
        self.assertEqual(self.peer.ask("POST", "/_control", {"fail": {"pth": 1}})[0], 400)

    def test_a_cut_answer(self):
        self.arrange(fail={"path": "/sobjects", "cut": True, "body": "x" * 1000})
        with self.assertRaises(http.client.IncompleteRead):
            self.peer.raw("GET", f"{VERSION}/sobjects")
        self.peer.connection.close()

    def test_a_stalled_answer(self):
        self.arrange(fail={"path": "/sobjects", "stall": True, "body": "x" * 1000})
        hasty = http.client.HTTPConnection("127.0.0.1", self.peer.server.server_port, timeout=0.2)
        hasty.request("GET", f"{VERSION}/sobjects", headers={"Authorization": f"Bearer {self.peer.token}"})
        answer = hasty.getresponse()
        with self.assertRaises(TimeoutError):
            answer.read()
        hasty.close()

    def test_a_blob_is_fetched_by_its_address(self):
        record = self.peer.query("SELECT Body__c FROM Acme_Order__c LIMIT 1")["records"][0]
        self.assertEqual(self.peer.raw("GET", record["Body__c"]), (200, b"hello"))

    def test_the_program_says_where_it_listens_and_ends_with_its_input(self):
        folder = str(pathlib.Path(__file__).parent)
        program = subprocess.Popen([sys.executable, folder, "--port", "0", "--accounts", "3", "--until-eof"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with program:
            address = program.stdout.readline().removeprefix("listening on http://").strip()
            other = http.client.HTTPConnection(address, timeout=20)
            other.request("GET", "/services/data")
            self.assertEqual(other.getresponse().status, 200)
            program.stdin.close()
            self.assertEqual(program.wait(20), 0)


if __name__ == "__main__":
    unittest.main()
