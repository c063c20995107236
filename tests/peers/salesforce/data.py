"""The records that a server starts with. They are the same in each run, and awkward on purpose."""

import random
from datetime import date, datetime, timedelta

NAMES = ["Bob's BBQ", "Müller & Söhne", "back\\slash", "100% Cider", "snake_case", "Ünïcode 🍏 GmbH", 'say "hi"', "two\nlines",
         "O\\'Neill", "acme", "ACME", "Straße", "tab\there", "{\"a\":1}", "a' OR Name != '", "комета", "株式会社"]
CITIES = ["Zürich", "New York", "Łódź", "São Paulo", None]
STAMP = "%Y-%m-%dT%H:%M:%S.000+0000"


def moment(at):
    """The moment of a record's making: a few share one."""
    return (datetime(2026, 1, 1, 6) + timedelta(seconds=(at // 3) * 61)).strftime(STAMP)


def maybe(chance, value, share=0.2):
    """A value, or now and then none."""
    return None if chance.random() < share else value


def account(chance, at):
    """A company."""
    name = NAMES[at % len(NAMES)] if at % 3 == 0 else f"Account {at:05}"
    city = chance.choice(CITIES)
    street = maybe(chance, f"{at} Main Street\nDoor {at % 7}")
    chosen = [value for value in ("Apples", "Bees", "Cider", "Dates") if chance.random() < 0.4]
    return {
        "Name": name, "Type": maybe(chance, chance.choice(["Prospect", "Customer - Direct", "Other"])),
        "Industry": maybe(chance, chance.choice(["Banking", "Electronics", "Energy", "Retail"])),
        "AnnualRevenue": maybe(chance, round(chance.uniform(-1e4, 9e9), 2)),
        "NumberOfEmployees": maybe(chance, chance.randrange(0, 5000)),
        "Phone": maybe(chance, f"+41 44 {at:07}"), "Website": maybe(chance, f"https://example.com/{at}?a=1&b=2"),
        "Description": maybe(chance, f"Line one of {at}.\r\nLine two: 'quoted' \\ \"twice\" — 🍐 " + "x" * (at % 300)),
        "Remark__c": maybe(chance, NAMES[at % len(NAMES)], 0.5), "BillingStreet": street,
        "BillingCity": city, "BillingPostalCode": f"{8000 + at % 90}", "BillingCountry": "CH",
        "Active__c": chance.random() < 0.5, "Interests__c": ";".join(chosen) or None,
        "Discount__c": maybe(chance, chance.choice([0.0, 2.5, 12.25, 100.0])),
        "Factor__c": maybe(chance, round(chance.uniform(-1, 1), 15)),
        "Founded__c": maybe(chance, (date(1700, 1, 1) + timedelta(days=chance.randrange(0, 130_000))).isoformat()),
        "Last_Visit__c": maybe(chance, (datetime(1960, 1, 1) + timedelta(
            seconds=chance.randrange(0, 2_400_000_000))).strftime(STAMP)),
        "Source_Key__c": f"src-{at}" if at % 2 else f"SRC-{at}",
    }


def order(chance, at, accounts):
    """An order."""
    return {
        "Order_Number__c": f"ON-{at:06}", "Legacy_Number__c": float(at), "Account__c": maybe(chance, chance.choice(accounts)),
        "Total__c": maybe(chance, round(chance.uniform(0, 1e6), 4)), "Weight__c": maybe(chance, round(chance.uniform(0, 9), 9)),
        "Sequence__c": 9_000_000_000_000_000 + at, "Pickup__c": maybe(chance, f"{at % 24:02}:{at % 60:02}:00.000Z"),
        "Ordered_At__c": maybe(chance, moment(at * 50)),
        "Place__c": maybe(chance, {"latitude": 47.3769 + at / 1e4, "longitude": 8.5417}), "Body__c": "aGVsbG8=",
        "Secret__c": "********", "Mixed__c": chance.choice(["text", 5, True, None, 2.5]),
        "Priority__c": maybe(chance, chance.choice(["Low", "Medium", "High"])),
    }


def wide(entry, chance, at):
    """A record with a value in each of many fields."""
    made = {"string": f"value {at}", "double": at + 0.25, "boolean": at % 2 == 0, "date": f"2026-03-{at % 28 + 1:02}",
            "datetime": moment(at), "int": at, "picklist": "Two", "textarea": "long text"}
    return {"Name": f"Wide {at}", **{name: made[field["type"]] for name, field in entry.fields.items()
                                     if name.startswith("Field_") and chance.random() < 0.9}}


def fill(store, accounts, contacts, opportunities, orders, wides):
    """Makes the records: so many of each object."""
    chance = random.Random(4)
    of = store.objects
    made = [store.insert(of["Account"], account(chance, at), moment(at)) for at in range(accounts)]
    for at in range(1, accounts, 5):
        store.put(of["Account"], made[at], {**store.find(of["Account"], made[at]), "ParentId": made[at - 1]})
    for at in range(contacts):
        store.insert(of["Contact"], {
            "FirstName": maybe(chance, chance.choice(["Ann", "Zoë", "José"])), "LastName": f"O'Brien {at}",
            "Email": maybe(chance, f"person{at}@example.com"), "Phone": None,
            "Birthdate": maybe(chance, (date(1930, 1, 1) + timedelta(days=chance.randrange(0, 27_000))).isoformat()),
            "DoNotCall": chance.random() < 0.3, "AccountId": maybe(chance, chance.choice(made)) if made else None}, moment(at))
    for at in range(opportunities):
        store.insert(of["Opportunity"], {
            "Name": f"Deal {at}", "StageName": chance.choice(["Prospecting", "Negotiation", "Closed Won"]),
            "Amount": maybe(chance, round(chance.uniform(0, 5e7), 2)), "Probability": float(chance.randrange(0, 101)),
            "CloseDate": (date(2026, 1, 1) + timedelta(days=at % 365)).isoformat(),
            "AccountId": maybe(chance, chance.choice(made)) if made else None}, moment(at))
    for at in range(orders):
        store.insert(of["Acme_Order__c"], order(chance, at, made or [None]), moment(at))
    for at in range(wides):
        store.insert(of["Wide__c"], wide(of["Wide__c"], chance, at), moment(at))
