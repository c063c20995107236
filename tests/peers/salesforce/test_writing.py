"""Writing: single records, collections, and what is said of each record."""

import unittest

from client import Peer


def of(kind, **values):
    """A record of a collection."""
    return {"attributes": {"type": kind}, **values}


class Writing(unittest.TestCase):
    """Each test has a server of its own."""

    def setUp(self):
        self.peer = Peer()
        self.store = self.peer.server.api.store
        self.accounts = list(self.store.records["Account"])

    def tearDown(self):
        self.peer.close()

    def write(self, records, method="POST", path="/composite/sobjects", all_or_none=False):
        status, results = self.peer.ask(method, path, {"allOrNone": all_or_none, "records": records})
        self.assertEqual(status, 200, results)
        return results

    def codes(self, results):
        return [result["errors"][0]["statusCode"] if result["errors"] else None for result in results]

    def one(self, record_id, fields, kind="Account"):
        status, answer = self.peer.ask("GET", f"/sobjects/{kind}/{record_id}?fields={fields}")
        self.assertEqual(status, 200, answer)
        return answer

    def test_a_record_from_making_to_deleting(self):
        status, made = self.peer.ask("POST", "/sobjects/Account", {"Name": "  Ünïcode 'x'  ", "AnnualRevenue": 12.345,
                                                                   "Phone": "", "Active__c": True})
        self.assertEqual((status, made["success"], made["errors"]), (201, True, []))
        found = self.one(made["id"], "Name,AnnualRevenue,Phone,Active__c,CreatedDate")
        self.assertEqual((found["Name"], found["AnnualRevenue"], found["Phone"], found["Active__c"]),
                         ("Ünïcode 'x'", 12.35, None, True))
        self.assertEqual(self.peer.ask("PATCH", f"/sobjects/Account/{made['id'][:15]}", {"Name": "new"}), (204, None))
        self.assertEqual(self.one(made["id"], "Name")["Name"], "new")
        self.assertEqual(self.peer.ask("DELETE", f"/sobjects/Account/{made['id']}"), (204, None))
        self.assertEqual(self.peer.ask("GET", f"/sobjects/Account/{made['id']}")[0], 404)
        status, answer = self.peer.ask("DELETE", f"/sobjects/Account/{made['id']}")
        self.assertEqual((status, answer[0]["errorCode"]), (404, "ENTITY_IS_DELETED"))
        condition = f"WHERE Id = '{made['id']}'"
        self.assertEqual(self.peer.query(f"SELECT Id FROM Account {condition}")["totalSize"], 0)
        self.assertEqual(self.peer.query(f"SELECT Id FROM Account {condition}", "queryAll")["totalSize"], 1)

    def test_faults_of_single_records(self):
        for method, path, body, status, code in [
            ("POST", "/sobjects/Account", {}, 400, "REQUIRED_FIELD_MISSING"),
            ("POST", "/sobjects/Account", {"Name": "a", "Nme": 1}, 400, "INVALID_FIELD"),
            ("POST", "/sobjects/Account", {"Name": "a", "NumberOfEmployees": "many"}, 400, "JSON_PARSER_ERROR"),
            ("POST", "/sobjects/Account", [1], 400, "JSON_PARSER_ERROR"),
            ("POST", "/sobjects/Nothing", {}, 404, "NOT_FOUND"),
            ("PATCH", "/sobjects/Account/001000000000000AAA", {"Name": "a"}, 404, "NOT_FOUND"),
            ("PATCH", "/sobjects/Account/abc", {"Name": "a"}, 400, "MALFORMED_ID"),
            ("PUT", "/sobjects/Account", {}, 405, "METHOD_NOT_ALLOWED"),
        ]:
            found, answer = self.peer.ask(method, path, body)
            self.assertEqual((found, answer[0]["errorCode"]), (status, code), (method, path, body))
        status, data = self.peer.raw("POST", "/services/data/v60.0/sobjects/Account", '{"Name": ', Content_Type="application/json")
        self.assertEqual((status, b"JSON_PARSER_ERROR" in data), (400, True))
        status, data = self.peer.raw("POST", "/services/data/v60.0/sobjects/Account", "{}", Content_Type="text/plain")
        self.assertEqual(status, 415)

    def test_results_are_in_order(self):
        results = self.write([of("Account", Name="one"), of("Account"), of("Contact", LastName="two", AccountId=self.accounts[0])])
        self.assertEqual([result["success"] for result in results], [True, False, True])
        self.assertEqual(results[1]["errors"][0]["fields"], ["Name"])
        self.assertEqual(self.one(results[0]["id"], "Name")["Name"], "one")
        self.assertEqual(self.one(results[2]["id"], "Name", "Contact")["Name"], "two")

    def test_faults_of_records(self):
        self.peer.ask("DELETE", f"/sobjects/Account/{self.accounts[1]}")
        contact = next(iter(self.store.records["Contact"]))
        made = [
            (of("Account"), "REQUIRED_FIELD_MISSING"), (of("Account", Name="a", Nme="b"), "INVALID_FIELD"),
            (of("Account", Name="a", Id=self.accounts[0]), "INVALID_FIELD_FOR_INSERT_UPDATE"),
            (of("Account", Name="a", CreatedDate="2020-01-01T00:00:00Z"), "INVALID_FIELD_FOR_INSERT_UPDATE"),
            (of("Account", Name="x" * 256), "STRING_TOO_LONG"), (of("Account", Name="x" * 255), None),
            (of("Account", Name="a", Source_Key__c="src-3"), "DUPLICATE_VALUE"),
            (of("Account", Name="a", Source_Key__c="SRC-3"), None),
            (of("Contact", LastName="a", AccountId="nonsense"), "MALFORMED_ID"),
            (of("Contact", LastName="a", AccountId=contact), "MALFORMED_ID"),
            (of("Contact", LastName="a", AccountId="001000000000000AAA"), "INVALID_CROSS_REFERENCE_KEY"),
            (of("Contact", LastName="a", AccountId=self.accounts[1]), "ENTITY_IS_DELETED"),
            (of("Contact", LastName="a", Email="nobody"), "INVALID_EMAIL_ADDRESS"),
            (of("Acme_Order__c", Priority__c="Urgent"), "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
            (of("Account", Name="a", Discount__c=1000), "NUMBER_OUTSIDE_VALID_RANGE"), (of("Nothing"), "INVALID_TYPE"),
        ]
        self.assertEqual(self.codes(self.write([record for record, _ in made])), [code for _, code in made])
        changed = [
            (of("Account", Id=self.accounts[0], Name="new"), None), (of("Account", Name="new"), "MISSING_ARGUMENT"),
            (of("Account", id=self.accounts[0], Name=None), "REQUIRED_FIELD_MISSING"),
            (of("Account", id="001000000000000AAA", Name="a"), "INVALID_CROSS_REFERENCE_KEY"),
            (of("Account", id=self.accounts[1], Name="a"), "ENTITY_IS_DELETED"), (of("Account", id=contact), "MALFORMED_ID"),
            (of("Account", id=self.accounts[5], Source_Key__c="src-3"), "DUPLICATE_VALUE"),
            # What a deleted record had may be had again.
            (of("Account", id=self.accounts[5], Source_Key__c="src-1"), None),
        ]
        self.assertEqual(self.codes(self.write([record for record, _ in changed], "PATCH")), [code for _, code in changed])

    def test_all_or_none(self):
        before = self.peer.query("SELECT COUNT() FROM Account")["totalSize"]
        results = self.write([of("Account", Name="one", Source_Key__c="fresh"), of("Account"), of("Account", Name="two")],
                             all_or_none=True)
        self.assertEqual(self.codes(results), ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING",
                                               "ALL_OR_NONE_OPERATION_ROLLED_BACK"])
        self.assertEqual(self.peer.query("SELECT COUNT() FROM Account")["totalSize"], before)
        # What was rolled back is not in the way.
        results = self.write([of("Account", Name="one", Source_Key__c="fresh"), of("Account", Name="two")], all_or_none=True)
        self.assertEqual(self.codes(results), [None, None])

    def test_upsert_in_a_collection(self):
        path = "/composite/sobjects/Acme_Order__c/Order_Number__c"
        results = self.write([of("Acme_Order__c", Order_Number__c="on-000001", Total__c=7), of("Acme_Order__c", Order_Number__c="NEW"),
                              of("Acme_Order__c"), of("Account", Order_Number__c="x", Name="a"),
                              of("Acme_Order__c", Order_Number__c="twice"), of("Acme_Order__c", Order_Number__c="TWICE")],
                             "PATCH", path)
        self.assertEqual(self.codes(results), [None, None, "MISSING_ARGUMENT", "INVALID_TYPE", "DUPLICATE_VALUE", "DUPLICATE_VALUE"])
        self.assertEqual([result["created"] for result in results[:2]], [False, True])
        self.assertEqual(self.one(results[0]["id"], "Total__c", "Acme_Order__c")["Total__c"], 7.0)
        self.assertEqual(self.peer.ask("PATCH", "/composite/sobjects/Account/Name", {"records": []})[0], 404)

    def test_upsert_of_one(self):
        path = "/sobjects/Acme_Order__c/Order_Number__c/a%2Fb%20%C3%BC"
        status, made = self.peer.ask("PATCH", path, {"Total__c": 1})
        self.assertEqual((status, made["created"], made["errors"]), (201, True, []))
        status, again = self.peer.ask("PATCH", path, {"Total__c": 2})
        self.assertEqual((status, again["created"], again["id"]), (200, False, made["id"]))
        self.assertEqual(self.peer.ask("GET", path)[1]["Order_Number__c"], "a/b ü")
        self.assertEqual(self.peer.ask("PATCH", path, {"Order_Number__c": "other"})[1][0]["errorCode"], "INVALID_FIELD")
        for _ in range(2):
            self.write([of("Acme_Order__c", Legacy_Number__c=777)])
        status, answer = self.peer.ask("PATCH", "/sobjects/Acme_Order__c/Legacy_Number__c/777", {"Total__c": 1})
        self.assertEqual((status, len(answer)), (300, 2))

    def test_delete_in_a_collection(self):
        contact = next(iter(self.store.records["Contact"]))
        path = f"/composite/sobjects?ids={self.accounts[0]},{contact},nonsense,{self.accounts[0]}"
        status, results = self.peer.ask("DELETE", path + "&allOrNone=false")
        self.assertEqual((status, self.codes(results)), (200, [None, None, "MALFORMED_ID", "ENTITY_IS_DELETED"]))
        status, results = self.peer.ask("DELETE", f"/composite/sobjects?ids={self.accounts[2]},x&allOrNone=true")
        self.assertEqual(self.codes(results), ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "MALFORMED_ID"])
        self.assertEqual(self.peer.ask("GET", f"/sobjects/Account/{self.accounts[2]}")[0], 200)

    def test_retrieve(self):
        wanted = [self.accounts[5], "001000000000000AAA", self.accounts[3][:15], "x"]
        status, found = self.peer.ask("POST", "/composite/sobjects/Account", {"ids": wanted, "fields": ["id", "name"]})
        self.assertEqual(status, 200)
        self.assertEqual([record and record["Id"] for record in found], [self.accounts[5], None, self.accounts[3], None])
        status, same = self.peer.ask("GET", f"/composite/sobjects/Account?ids={','.join(wanted)}&fields=Id,Name")
        self.assertEqual(same, found)
        status, answer = self.peer.ask("POST", "/composite/sobjects/Account", {"ids": wanted, "fields": ["Nme"]})
        self.assertEqual((status, answer[0]["errorCode"]), (400, "INVALID_FIELD"))

    def test_limits_of_collections(self):
        self.assertEqual(len(self.write([of("Account", Name=f"{at}") for at in range(200)])), 200)
        for method, path, body in [
            ("POST", "/composite/sobjects", {"records": [of("Account", Name=f"{at}") for at in range(201)]}),
            ("DELETE", "/composite/sobjects?ids=" + ",".join(["x"] * 201), None),
            ("POST", "/composite/sobjects/Account", {"ids": [self.accounts[0]] * 2001, "fields": ["Id"]}),
        ]:
            status, answer = self.peer.ask(method, path, body)
            self.assertEqual((status, answer[0]["errorCode"]), (400, "EXCEEDED_ID_LIMIT"))
        self.assertEqual(len(self.peer.ask("POST", "/composite/sobjects/Account",
                                           {"ids": [self.accounts[0]] * 2000, "fields": ["Id"]})[1]), 2000)
        for body in ([], {"records": 5}, {"records": [], "allOrNone": 1}, {"records": [], "other": 1}, {"records": [5]}):
            self.assertEqual(self.peer.ask("POST", "/composite/sobjects", body)[0], 400, body)

    def test_a_malformed_record_undoes_the_request(self):
        before = self.peer.query("SELECT COUNT() FROM Account")["totalSize"]
        status, answer = self.peer.ask("POST", "/composite/sobjects", {
            "records": [of("Account", Name="a"), of("Account", Name="b", Active__c="perhaps")]})
        self.assertEqual((status, answer[0]["errorCode"]), (400, "JSON_PARSER_ERROR"))
        self.assertEqual(self.peer.query("SELECT COUNT() FROM Account")["totalSize"], before)


if __name__ == "__main__":
    unittest.main()
