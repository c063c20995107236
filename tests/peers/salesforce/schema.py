"""The objects and their fields."""

import ids

TEXT = {"string", "textarea", "picklist", "email", "phone", "url", "combobox"}
NUMBERS = {"int", "long", "double", "currency", "percent"}
SOAP = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "long": "xsd:long",
    "double": "xsd:double", "currency": "xsd:double", "percent": "xsd:double", "date": "xsd:date",
    "datetime": "xsd:dateTime", "time": "xsd:time", "base64": "xsd:base64Binary", "address": "urn:address",
    "location": "urn:location", "anyType": "xsd:anyType",
}
# Types that cannot stand in a condition, beside those whose field says so.
UNFILTERABLE = {"address", "location", "base64", "encryptedstring", "anyType"}
UNSORTABLE = UNFILTERABLE | {"multipicklist"}


def label_of(name):
    """A label made of a name."""
    words = name.removesuffix("__c").removesuffix("__e").replace("_", " ")
    return "".join(f" {sign}" if sign.isupper() and at and words[at - 1].islower() else sign
                   for at, sign in enumerate(words))


def field(name, kind, length=0, **changes):
    """A field with the properties that a description lists. Text has a length in characters."""
    filterable = kind not in UNFILTERABLE and not (kind == "textarea" and length > 255)
    properties = {
        "aggregatable": filterable, "autoNumber": False, "byteLength": length * 3, "calculated": False,
        "calculatedFormula": None, "caseSensitive": False, "createable": True, "custom": name.endswith("__c"),
        "defaultValue": None, "defaultedOnCreate": kind == "boolean", "deprecatedAndHidden": False, "digits": 0,
        "externalId": False, "filterable": filterable, "groupable": filterable and kind not in ("double", "currency"),
        "htmlFormatted": False, "idLookup": False, "inlineHelpText": None, "label": label_of(name), "length": length,
        "name": name, "nameField": False, "nillable": kind != "boolean", "permissionable": True, "picklistValues": [],
        "polymorphicForeignKey": False, "precision": 0, "queryByDistance": kind == "location", "referenceTo": [],
        "relationshipName": None, "restrictedPicklist": False, "scale": 0,
        "soapType": SOAP.get(kind, "xsd:string"), "sortable": filterable and kind not in UNSORTABLE, "type": kind,
        "unique": False, "updateable": True,
    }
    properties.update(changes)
    return properties


def choice(name, values, kind="picklist", **changes):
    """A field with a list of values."""
    entries = [{"active": True, "defaultValue": False, "label": value, "validFor": None, "value": value}
               for value in values]
    return field(name, kind, 255 if kind == "picklist" else 4099, picklistValues=entries, **changes)


def number(name, precision, scale, kind="double", **changes):
    """A number with so many digits before and behind the point together, and so many behind it."""
    return field(name, kind, precision=precision, scale=scale, **changes)


def lookup(name, target, relationship, **changes):
    """A reference to a record of another object."""
    return field(name, "reference", 18, referenceTo=[target], relationshipName=relationship, **changes)


def fixed(properties):
    """The field as one that only the system writes."""
    return {**properties, "createable": False, "updateable": False}


class SObject:
    """An object: its fields in order and what can be done with it."""

    def __init__(self, name, prefix, fields, label=None, queryable=True):
        system = [fixed(field("Id", "id", 18, nillable=False, idLookup=True, defaultedOnCreate=True))]
        trailing = [fixed(field("IsDeleted", "boolean")),
                    fixed(field("CreatedDate", "datetime", nillable=False, defaultedOnCreate=True)),
                    fixed(field("LastModifiedDate", "datetime", nillable=False, defaultedOnCreate=True)),
                    fixed(field("SystemModstamp", "datetime", nillable=False, defaultedOnCreate=True))]
        self.name, self.prefix, self.label, self.queryable = name, prefix, label or label_of(name), queryable
        self.fields = {entry["name"]: entry for entry in system + fields + trailing}
        self.by_lower = {entry.lower(): self.fields[entry] for entry in self.fields}
        self.relationships = {entry["relationshipName"].lower(): entry for entry in self.fields.values()
                              if entry["relationshipName"]}
        self.keys = [entry["name"] for entry in self.fields.values() if entry["externalId"] or entry["unique"]]

    def find(self, name):
        """The field of a name, whose case does not matter; None if there is none."""
        return self.by_lower.get(name.lower())

    def brief(self, base):
        """The entry in the list of all objects."""
        here = f"{base}/sobjects/{self.name}"
        urls = {"sobject": here, "describe": f"{here}/describe", "rowTemplate": f"{here}/{{ID}}"}
        stored = self.queryable
        return {
            "activateable": False, "associateEntityType": None, "createable": True, "custom": "__" in self.name,
            "customSetting": False, "deletable": stored, "deprecatedAndHidden": False, "feedEnabled": False,
            "keyPrefix": self.prefix, "label": self.label, "labelPlural": f"{self.label}s", "layoutable": stored,
            "mergeable": False, "name": self.name, "queryable": stored, "replicateable": stored,
            "retrieveable": stored, "searchable": stored, "triggerable": True, "undeletable": stored,
            "updateable": stored, "urls": urls,
        }

    def describe(self, base):
        """The description of the object."""
        return {**self.brief(base), "actionOverrides": [], "childRelationships": [], "recordTypeInfos": [],
                "supportedScopes": [{"label": "All records", "name": "everything"}],
                "fields": list(self.fields.values())}


def name_field(**changes):
    """The usual field that names a record."""
    length = changes.pop("length", 255)
    return field("Name", "string", length, **{"nameField": True, "nillable": False, **changes})


def account():
    """Companies."""
    return SObject("Account", "001", [
        name_field(),
        choice("Type", ["Prospect", "Customer - Direct", "Channel Partner / Reseller", "Other"]),
        choice("Industry", ["Agriculture", "Banking", "Electronics", "Energy", "Retail"]),
        number("AnnualRevenue", 18, 2, "currency"),
        field("NumberOfEmployees", "int", digits=8),
        field("Phone", "phone", 40),
        field("Website", "url", 255),
        field("Description", "textarea", 32000),
        field("Remark__c", "textarea", 255),
        fixed(field("BillingAddress", "address")),
        field("BillingStreet", "textarea", 255),
        field("BillingCity", "string", 40),
        field("BillingPostalCode", "string", 20),
        field("BillingCountry", "string", 80),
        field("Active__c", "boolean", inlineHelpText="Whether the contract runs."),
        choice("Interests__c", ["Apples", "Bees", "Cider", "Dates"], "multipicklist"),
        number("Discount__c", 5, 2, "percent"),
        number("Factor__c", 18, 15),
        field("Founded__c", "date"),
        field("Last_Visit__c", "datetime"),
        field("Source_Key__c", "string", 60, externalId=True, idLookup=True, unique=True, caseSensitive=True),
        lookup("ParentId", "Account", "Parent"),
    ])


def contact():
    """People; their name is made of two fields."""
    return SObject("Contact", "003", [
        fixed(name_field(calculated=False)),
        field("FirstName", "string", 40),
        field("LastName", "string", 80, nillable=False),
        field("Email", "email", 80, idLookup=True),
        field("Phone", "phone", 40),
        field("Birthdate", "date"),
        field("DoNotCall", "boolean"),
        lookup("AccountId", "Account", "Account"),
    ])


def opportunity():
    """Business that may come."""
    return SObject("Opportunity", "006", [
        name_field(length=120),
        choice("StageName", ["Prospecting", "Negotiation", "Closed Won", "Closed Lost"], nillable=False),
        number("Amount", 18, 2, "currency"),
        number("Probability", 3, 0, "percent"),
        field("CloseDate", "date", nillable=False),
        fixed(field("IsWon", "boolean", calculated=True)),
        lookup("AccountId", "Account", "Account"),
    ])


def order():
    """An object of the customer's own, with an external id and the rarer types."""
    return SObject("Acme_Order__c", "a00", [
        fixed(name_field(autoNumber=True, length=80)),
        field("Order_Number__c", "string", 30, externalId=True, idLookup=True, unique=True),
        number("Legacy_Number__c", 18, 0, externalId=True, idLookup=True),
        lookup("Account__c", "Account", "Account__r"),
        number("Total__c", 16, 4, "currency"),
        number("Weight__c", 18, 9),
        field("Sequence__c", "long", digits=18),
        field("Pickup__c", "time"),
        field("Ordered_At__c", "datetime"),
        field("Place__c", "location"),
        field("Body__c", "base64"),
        field("Secret__c", "encryptedstring", 175),
        fixed(field("Mixed__c", "anyType")),
        choice("Priority__c", ["Low", "Medium", "High"], restrictedPicklist=True),
    ], label="Acme Order")


def wide(count=500):
    """An object with very many fields; the system's five and its name are among them."""
    makers = [lambda name: field(name, "string", 255), lambda name: number(name, 18, 4),
              lambda name: field(name, "boolean"), lambda name: field(name, "date"),
              lambda name: field(name, "datetime"), lambda name: field(name, "int", digits=9),
              lambda name: choice(name, ["One", "Two", "Three"]), lambda name: field(name, "textarea", 4000)]
    fields = [makers[at % len(makers)](f"Field_{at:03}__c") for at in range(count - 6)]
    return SObject("Wide__c", "a01", [name_field(), *fields], label="Wide")


def signal():
    """An event: it is published, and never read."""
    return SObject("Acme_Signal__e", "e00", [field("Text__c", "string", 255)], label="Acme Signal", queryable=False)


def all_objects():
    """The objects by name."""
    return {entry.name: entry for entry in (account(), contact(), opportunity(), order(), wide(), signal())}


def object_of_id(objects, record_id):
    """The object that an id belongs to; None if there is none or it is not an id."""
    full = ids.canonical(record_id)
    return next((entry for entry in objects.values() if full and full.startswith(entry.prefix)), None)
