"""AppFlow's connector operations through boto3, with nothing configured but AWS_ENDPOINT_URL and dummy credentials.

Arguments: the ARN of the connector's function, and of a function that AppFlow may not invoke. Prints one JSON document.
"""

import base64
import json
import os
import sys

import boto3
from botocore.exceptions import ClientError

permitted, forbidden = sys.argv[1:]
appflow = boto3.client("appflow")
sample = os.environ["AWS_ENDPOINT_URL"] + "/sample"
said = {}


def refused(call, **arguments):
    """The code and message with which a call is refused."""
    try:
        call(**arguments)
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["Error"]["Message"]]
    raise SystemExit(f"{call.__name__} was not refused")


def registration(label, arn):
    return {
        "connectorLabel": label,
        "description": "registered from Python",
        "connectorProvisioningType": "LAMBDA",
        "connectorProvisioningConfig": {"lambda": {"lambdaArn": arn}},
    }


def connection(name, guard, credentials):
    return {
        "connectorProfileName": name,
        "connectorType": "CustomConnector",
        "connectorLabel": "python",
        "connectionMode": "Public",
        "connectorProfileConfig": {
            "connectorProfileProperties": {"CustomConnector": {"profileProperties": {"baseUrl": f"{sample}/{guard}"}}},
            "connectorProfileCredentials": {"CustomConnector": credentials},
        },
    }


# Who is asking.
said["account"] = boto3.client("sts").get_caller_identity()["Account"]

# What the function writes to its log for one invocation.
asked = {
    "type": "QueryDataRequest",
    "entityIdentifier": "orders",
    "maxResults": 5,
    "connectorContext": {"connectorRuntimeSettings": {"baseUrl": f"{sample}/open"}, "flowName": "nightly"},
}
invoked = boto3.client("lambda").invoke(FunctionName=permitted, LogType="Tail", Payload=json.dumps(asked))
said["answerBytes"] = len(invoked["Payload"].read())
lines = base64.b64decode(invoked["LogResult"]).decode().splitlines()
said["log"] = [json.loads(line) for line in lines if line.startswith("{")]

# Registration, and its refusals.
said["badLabel"] = refused(appflow.register_connector, **registration("!", permitted))
said["missingFunction"] = refused(appflow.register_connector, **registration("python", permitted + "-gone"))
said["forbidden"] = refused(appflow.register_connector, **registration("python", forbidden))
said["notRegistered"] = refused(
    appflow.create_connector_profile, **connection("early", "open", {"authenticationType": "BASIC", "basic": {"username": "u", "password": "p"}})
)
said["connectorArn"] = appflow.register_connector(**registration("python", permitted))["connectorArn"]
said["conflict"] = refused(appflow.register_connector, **registration("python", permitted))
described = appflow.describe_connector(connectorType="CustomConnector", connectorLabel="python")["connectorConfiguration"]
said["described"] = json.loads(json.dumps(described, default=str))
said["listed"] = [connector["connectorLabel"] for connector in appflow.list_connectors()["connectors"]]

# A connection of every kind, each with the right and with wrong credentials.
kinds = {
    "basic": {"authenticationType": "BASIC", "basic": {"username": "sample", "password": "sample-password"}},
    "api-key": {"authenticationType": "APIKEY", "apiKey": {"apiKey": "sample-api-key"}},
    "bearer": {"authenticationType": "OAUTH2", "oauth2": {"accessToken": "sample-access-token"}},
    "header": {
        "authenticationType": "CUSTOM",
        "custom": {"customAuthenticationType": sys.stdin.readline().strip(), "credentialsMap": json.loads(sys.stdin.readline())},
    },
    "open": {"authenticationType": "CUSTOM", "custom": {"customAuthenticationType": "NoAuth"}},
}
said["kinds"] = {}
for guard, credentials in kinds.items():
    appflow.create_connector_profile(**connection(f"python-{guard}", guard, credentials))
    entities = appflow.list_connector_entities(connectorProfileName=f"python-{guard}", connectorType="CustomConnector")
    said["kinds"][guard] = sorted(entity["name"] for group in entities["connectorEntityMap"].values() for entity in group)
wrong = json.loads(json.dumps(kinds["basic"]).replace("sample-password", "hunter2"))
said["wrongPassword"] = refused(appflow.create_connector_profile, **connection("wrong", "basic", wrong))

profiles = appflow.describe_connector_profiles(connectorType="CustomConnector", connectorLabel="python")["connectorProfileDetails"]
said["profiles"] = json.loads(json.dumps(profiles, default=str))
secret = boto3.client("secretsmanager").get_secret_value(
    SecretId=next(profile["credentialsArn"] for profile in profiles if profile["connectorProfileName"] == "python-basic")
)
said["secretKeys"] = sorted(json.loads(secret["SecretString"]))

# Fields, as the console would show them.
fields = appflow.describe_connector_entity(
    connectorProfileName="python-basic", connectorType="CustomConnector", connectorEntityName="orders"
)["connectorEntityFields"]
said["fields"] = {field["identifier"]: field for field in fields}
said["unknownEntity"] = refused(
    appflow.describe_connector_entity, connectorProfileName="python-basic", connectorType="CustomConnector", connectorEntityName="nope"
)

# Taking it back.
said["inUse"] = refused(appflow.unregister_connector, connectorLabel="python")
for profile in profiles:
    appflow.delete_connector_profile(connectorProfileName=profile["connectorProfileName"])
appflow.unregister_connector(connectorLabel="python")
said["gone"] = refused(appflow.describe_connector, connectorType="CustomConnector", connectorLabel="python")

print(json.dumps(said))
