"""The query language: what it accepts, what it refuses, and which records it finds."""

import unittest

import ids
from client import Peer
from json_text import double_text
from soql_tests import datetime_text


class Soql(unittest.TestCase):
    """Queries against the sample records."""

    @classmethod
    def setUpClass(cls):
        cls.peer = Peer()
        cls.accounts = list(cls.peer.server.api.store.records["Account"].values())

    @classmethod
    def tearDownClass(cls):
        cls.peer.close()

    def ids_where(self, condition, source="Account"):
        return set(self.peer.all(f"SELECT Id FROM {source} WHERE {condition}"))

    def expect(self, condition, test):
        """The condition finds just the accounts that pass the test, and those are some but not all."""
        wanted = {record["Id"] for record in self.accounts if test(record)}
        self.assertTrue(0 < len(wanted) < len(self.accounts), condition)
        self.assertEqual(self.ids_where(condition), wanted, condition)

    def test_text_is_compared_without_case(self):
        self.expect("Name = 'aCmE'", lambda record: record["Name"] in ("acme", "ACME"))
        self.expect("Name LIKE '%cme'", lambda record: record["Name"].lower().endswith("cme"))
        self.expect("Name > 'ACME'", lambda record: record["Name"].lower() > "acme")

    def test_a_case_sensitive_field_minds_the_case(self):
        self.expect("Source_Key__c = 'src-1'", lambda record: record["Source_Key__c"] == "src-1")
        self.assertEqual(self.ids_where("Source_Key__c = 'SRC-1'"), set())

    def test_escapes(self):
        for written, meant in [(r"Bob\'s BBQ", "Bob's BBQ"), (r"back\\slash", "back\\slash"), (r"two\nlines", "two\nlines"),
                               (r"two\Nlines", "two\nlines"), (r"tab\there", "tab\there"), (r"say \"hi\"", 'say "hi"'),
                               (r"M\u00fcller & S\u00F6hne", "Müller & Söhne"), (r"O\\\'Neill", "O\\'Neill"),
                               (r"a\' OR Name != \'", "a' OR Name != '"), ("Ünïcode \\ud83c\\udf4f GmbH", "Ünïcode 🍏 GmbH")]:
            self.expect(f"Name = '{written}'", lambda record, meant=meant: record["Name"] == meant)

    def test_escapes_that_are_not_documented(self):
        for escape in (r"\q", r"\%", r"\_", r"\u12", r"\x41"):
            code, message = self.peer.refusal(f"SELECT Id FROM Account WHERE Name = 'a{escape}b'")
            self.assertEqual(code, "MALFORMED_QUERY")
            self.assertIn("Illegal character sequence", message)
        self.assertEqual(self.peer.refusal(r"SELECT Id FROM Account WHERE Name LIKE 'a\q'")[0], "MALFORMED_QUERY")

    def test_patterns(self):
        self.expect(r"Name LIKE '%100\%%'", lambda record: "100%" in record["Name"])
        self.expect(r"Name LIKE '%e\_c%'", lambda record: "e_c" in record["Name"])
        self.expect("Name LIKE 'snake_case'", lambda record: record["Name"] == "snake_case")
        self.expect("Name LIKE 'Account _____'", lambda record: record["Name"].startswith("Account "))
        self.expect(r"Name LIKE '%\\%'", lambda record: "\\" in record["Name"])
        self.expect("Name LIKE 'two%lines'", lambda record: record["Name"] == "two\nlines")

    def test_null(self):
        self.expect("Type = null", lambda record: record["Type"] is None)
        self.expect("Type != null", lambda record: record["Type"] is not None)
        self.expect("Type != 'Prospect'", lambda record: record["Type"] != "Prospect")
        self.expect("NOT Type = 'Prospect'", lambda record: record["Type"] != "Prospect")
        self.expect("Type IN ('Prospect', null)", lambda record: record["Type"] in ("Prospect", None))
        self.expect("Type NOT IN ('Prospect', null)", lambda record: record["Type"] not in ("Prospect", None))
        self.expect("AnnualRevenue < 1000000000", lambda record: record["AnnualRevenue"] is not None
                    and record["AnnualRevenue"] < 1e9)
        self.expect("NOT AnnualRevenue < 1000000000", lambda record: record["AnnualRevenue"] is None
                    or record["AnnualRevenue"] >= 1e9)

    def test_a_checkbox_is_never_null(self):
        self.expect("Active__c = null", lambda record: not record["Active__c"])
        self.expect("Active__c != null", lambda record: record["Active__c"])
        self.expect("Active__c = TRUE", lambda record: record["Active__c"])
        self.expect("Active__c IN (true)", lambda record: record["Active__c"])
        orphans = self.ids_where("AccountId = null", "Contact")
        self.assertTrue(orphans)
        self.assertLessEqual(orphans, self.ids_where("Account.Active__c = false", "Contact"))
        self.assertLessEqual(orphans, self.ids_where("Account.Name = null", "Contact"))

    def test_numbers(self):
        some = next(record["Factor__c"] for record in self.accounts if record["Factor__c"] is not None)
        self.expect(f"Factor__c = {some:.15f}", lambda record: record["Factor__c"] == some)
        self.expect("AnnualRevenue >= -.5", lambda record: record["AnnualRevenue"] is not None
                    and record["AnnualRevenue"] >= -0.5)
        self.expect("Discount__c IN (2.5, +100)", lambda record: record["Discount__c"] in (2.5, 100))

    def test_dates(self):
        self.expect("Founded__c < 1970-01-01", lambda record: (record["Founded__c"] or "9") < "1970")
        self.expect("Last_Visit__c >= 2000-01-01T00:00:00Z", lambda record: (record["Last_Visit__c"] or "") >= "2000")
        self.assertEqual(datetime_text("1999-01-01T23:01:01+01:00"), "1999-01-01T22:01:01.000+0000")
        self.assertEqual(datetime_text("1999-01-01T23:01:01-08:00"), "1999-01-02T07:01:01.000+0000")
        self.assertEqual(datetime_text("1969-12-31T23:59:59.5+0000"), "1969-12-31T23:59:59.500+0000")
        for wrong in ("Founded__c = 2021-02-31", "Last_Visit__c = 2021-01-01T24:00:00Z", "Founded__c = 1699-12-31"):
            self.assertEqual(self.peer.refusal(f"SELECT Id FROM Account WHERE {wrong}")[0], "MALFORMED_QUERY")

    def test_several_choices(self):
        def having(record):
            return set((record["Interests__c"] or "").split(";"))

        self.expect("Interests__c INCLUDES ('Apples;Bees', 'dates')", lambda record: {"Apples", "Bees"} <= having(record)
                    or "Dates" in having(record))
        self.expect("Interests__c EXCLUDES ('Apples')", lambda record: "Apples" not in having(record))
        self.expect("Interests__c = 'Bees;Apples'", lambda record: having(record) == {"Apples", "Bees"})

    def test_operators_are_not_mixed(self):
        for mixed, word in [("Name = 'a' AND Name = 'b' OR Name = 'c'", "OR"), ("Name = 'a' OR Name = 'b' AND Name = 'c'", "AND"),
                            ("Name = 'a' AND NOT Name = 'b'", "NOT"), ("NOT Name = 'a' AND Name = 'b'", "AND"),
                            ("NOT NOT Name = 'a'", "NOT")]:
            code, message = self.peer.refusal(f"SELECT Id FROM Account WHERE {mixed}")
            self.assertEqual(code, "MALFORMED_QUERY", mixed)
            self.assertIn(f"unexpected token: '{word}'", message)
        self.expect("(Active__c = true OR Type = null) AND (NOT (Name = 'acme' OR Name LIKE 'Account%'))",
                    lambda record: (record["Active__c"] or record["Type"] is None)
                    and record["Name"].lower() != "acme" and not record["Name"].startswith("Account"))

    def test_broken_queries(self):
        for broken in ("", "SELECT", "SELECT Id Account", "SELECT Id, FROM Account", "SELECT Id FROM Account WHERE",
                       "SELECT Id FROM Account WHERE Name = 'a", "SELECT Id FROM Account WHERE Name = \"a\"",
                       "SELECT Id FROM Account WHERE Name IN ()", "SELECT Id FROM Account WHERE (Name = 'a'",
                       "SELECT Id FROM Account LIMIT -1", "SELECT Id FROM Account LIMIT 1 garbage",
                       "SELECT Id FROM Account WHERE Name = Type", "SELECT Id FROM Account WHERE Name == 'a'",
                       "SELECT Id FROM Account; DROP TABLE x", "SELECT Id FROM Account WHERE Name NOT LIKE 'a'",
                       "SELECT Id FROM Account WHERE AnnualRevenue = 1e5", "SELECT Id FROM Account GROUP BY Id",
                       "SELECT Id FROM Account WHERE " + "(" * 500 + "Name = 'a'" + ")" * 500):
            self.assertEqual(self.peer.refusal(broken)[0], "MALFORMED_QUERY", broken)

    def test_wrong_names(self):
        code, message = self.peer.refusal("SELECT Id, Nme FROM Account")
        self.assertEqual(code, "INVALID_FIELD")
        self.assertIn("No such column 'Nme' on entity 'Account'", message)
        self.assertIn("ERROR at Row:1:Column:12", message)
        self.assertIn("Owner", self.peer.refusal("SELECT Owner.Name FROM Account")[1])
        self.assertEqual(self.peer.refusal("SELECT Id FROM Acount")[0], "INVALID_TYPE")
        self.assertEqual(self.peer.refusal("SELECT Id FROM Acme_Signal__e")[0], "INVALID_TYPE_FOR_OPERATION")
        self.assertIn("duplicate field", self.peer.refusal("SELECT Id, id FROM Account")[1])

    def test_wrong_types(self):
        for condition, code, said in [
            ("AnnualRevenue = '5'", "INVALID_FIELD", "must be of type double and should not be enclosed in quotes"),
            ("NumberOfEmployees = 1.5", "INVALID_FIELD", "must be of type int"),
            ("Name = 5", "INVALID_FIELD", "must be of type string and should be enclosed in quotes"),
            ("Name = true", "INVALID_FIELD", "must be of type string"),
            ("Active__c = 'true'", "INVALID_FIELD", "must be of type boolean"),
            ("Founded__c = 2021-01-01T00:00:00Z", "INVALID_FIELD", "must be of type date"),
            ("Last_Visit__c = 2021-01-01", "INVALID_FIELD", "must be of type dateTime"),
            ("Description = 'x'", "INVALID_FIELD", "can not be filtered in a query call"),
            ("BillingAddress = null", "INVALID_FIELD", "can not be filtered in a query call"),
            ("Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: abc"),
            ("Active__c > false", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on boolean field"),
            ("NumberOfEmployees LIKE '1%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on int field"),
        ]:
            found, message = self.peer.refusal(f"SELECT Id FROM Account WHERE {condition}")
            self.assertEqual(found, code, condition)
            self.assertIn(said, message)

    def test_ids_of_both_lengths(self):
        some = self.accounts[7]["Id"]
        self.expect(f"Id = '{some[:15]}'", lambda record: record["Id"] == some)
        self.expect(f"Id IN ('{some}', '{self.accounts[9]['Id']}')",
                    lambda record: record["Id"] in (some, self.accounts[9]["Id"]))
        self.assertEqual(ids.canonical("001xx000003DGb1"), "001xx000003DGb1AAG")
        self.assertIsNone(ids.canonical("001xx000003DGb1AAA"))

    def test_order_limit_and_offset(self):
        names = self.peer.all("SELECT Name FROM Account ORDER BY Name, Id", "Name")
        self.assertEqual([name.lower() for name in names], sorted(name.lower() for name in names))
        types = self.peer.all("SELECT Type FROM Account ORDER BY Type DESC", "Type")
        lacking = types.count(None)
        self.assertEqual(types[:lacking], [None] * lacking)
        self.assertEqual(types[lacking:], sorted(types[lacking:], reverse=True))
        self.assertIsNone(self.peer.all("SELECT Type FROM Account ORDER BY Type NULLS LAST", "Type")[-1])
        every = self.peer.all("SELECT Id FROM Account ORDER BY Id")
        answer = self.peer.query("SELECT Id FROM Account ORDER BY Id LIMIT 5 OFFSET 3")
        self.assertEqual([record["Id"] for record in answer["records"]], every[3:8])
        self.assertEqual(answer["totalSize"], 5)
        self.assertEqual(self.peer.refusal("SELECT Id FROM Account OFFSET 2001")[0], "NUMBER_OUTSIDE_VALID_RANGE")
        self.assertIn("can not be sorted", self.peer.refusal("SELECT Id FROM Account ORDER BY Description")[1])

    def test_members_of_records(self):
        record = self.peer.query("select id, account.name, Account.Parent.Id from contact where accountid != null")["records"][0]
        self.assertEqual(list(record), ["attributes", "Id", "Account"])
        self.assertEqual(record["attributes"], {"type": "Contact",
                                                "url": f"/services/data/v60.0/sobjects/Contact/{record['Id']}"})
        self.assertEqual(record["Account"]["attributes"]["type"], "Account")
        self.assertIn("Parent", record["Account"])
        orphan = self.peer.query("SELECT Account.Name FROM Contact WHERE AccountId = null LIMIT 1")["records"][0]
        self.assertIsNone(orphan["Account"])

    def test_functions_in_the_selection(self):
        self.assertEqual(self.peer.query("SELECT COUNT() FROM Account")["totalSize"], 60)
        record = self.peer.query("SELECT FIELDS(STANDARD) FROM Account LIMIT 1")["records"][0]
        self.assertIn("BillingCity", record)
        self.assertNotIn("Active__c", record)
        self.assertEqual(self.peer.refusal("SELECT FIELDS(ALL) FROM Account")[0], "MALFORMED_QUERY")

    def test_doubles_are_spelled_as_java_does(self):
        for value, text in [(5.0, "5.0"), (0.0, "0.0"), (9999999.5, "9999999.5"), (1e7, "1.0E7"), (123456789.25, "1.2345678925E8"),
                            (-0.0001, "-1.0E-4"), (0.001, "0.001")]:
            self.assertEqual(double_text(value), text)


if __name__ == "__main__":
    unittest.main()
