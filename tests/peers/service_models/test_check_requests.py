"""Each kind of finding is provoked. The requests are botocore's own, told not to look at what it is given."""

import base64
import contextlib
import functools
import io
import json
import unittest

import botocore.session
from botocore.config import Config

import check_requests

ENDPOINT = "http://127.0.0.1:9"  # Nothing is sent there.
ARN = "arn:aws:lambda:us-east-1:123456789012:function:sample"
GRANT = {"FunctionName": "sample", "StatementId": "appflow", "Action": "lambda:InvokeFunction",
         "Principal": "appflow.amazonaws.com"}
REGISTRATION = {"connectorLabel": "sample", "connectorProvisioningType": "LAMBDA",
                "connectorProvisioningConfig": {"lambda": {"lambdaArn": ARN}}, "clientToken": "t1"}
ROLE = {"RoleName": "sample", "AssumeRolePolicyDocument": "{}", "Tags": [{"Key": "made by", "Value": "grüße"}]}


@functools.cache
def client(service):
    """A client of botocore's that sends nothing and checks nothing."""
    session = botocore.session.Session()
    session.set_credentials("test", "test")
    config = Config(parameter_validation=False, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    made = session.create_client(service, region_name="us-east-1", config=config, endpoint_url=ENDPOINT)
    made.kept = []

    def keep(request, **_):
        made.kept.append(request)
        raise InterruptedError

    made.meta.events.register("before-send", keep)
    return made


def request(service, operation, parameters):
    """The request that botocore would send, as a record."""
    with contextlib.suppress(InterruptedError):
        getattr(client(service), operation)(**parameters)
    kept = client(service).kept.pop()
    body = kept.body or b""
    body = body.encode() if isinstance(body, str) else body.read() if hasattr(body, "read") else body
    headers = {name: text.decode() if isinstance(text, bytes) else text for name, text in kept.headers.items()}
    return {"service": service, "method": kept.method, "target": kept.url.removeprefix(ENDPOINT), "headers": headers,
            "body": base64.b64encode(body).decode()}


def with_json(record, change):
    """The record with its body changed."""
    body = json.loads(base64.b64decode(record["body"]))
    change(body)
    return record | {"body": base64.b64encode(json.dumps(body).encode()).decode()}


def said(*records):
    """The exit code and what is printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = check_requests.main(json.dumps(record) for record in records)
    return code, printed.getvalue()


class WhatIsRight(unittest.TestCase):
    """Requests of every protocol pass, and are counted."""

    def test_every_protocol(self):
        code = {"ZipFile": b"zip"}
        role = "arn:aws:iam::123456789012:role/sample"
        records = [
            request("lambda", "get_function", {"FunctionName": ARN}),
            request("lambda", "get_function", {"FunctionName": "sample", "Qualifier": "1"}),
            request("lambda", "create_function", {
                "FunctionName": "sample", "Role": role, "Code": code, "Runtime": "provided.al2023",
                "Handler": "bootstrap", "Architectures": ["arm64"], "MemorySize": 256, "Timeout": 30, "Tags": {"made-by": "x"},
                "Environment": {"Variables": {"A_B": "c"}}}),
            request("lambda", "add_permission", GRANT | {"SourceAccount": "123456789012", "RevisionId": "r"}),
            request("lambda", "remove_permission", {"FunctionName": "sample", "StatementId": "a", "RevisionId": "r"}),
            request("lambda", "tag_resource", {"Resource": ARN, "Tags": {"a": "b"}}),
            request("lambda", "untag_resource", {"Resource": ARN, "TagKeys": ["a", "b"]}),
            request("lambda", "invoke", {"FunctionName": "sample", "Payload": b"{}", "LogType": "Tail"}),
            request("appflow", "register_connector", REGISTRATION),
            request("appflow", "list_connectors", {}),
            request("iam", "create_role", ROLE),
            request("iam", "list_attached_role_policies", {"RoleName": "sample"}),
            request("sts", "get_caller_identity", {}),
            request("logs", "describe_log_groups", {"logGroupNamePrefix": "/aws/lambda/sample", "limit": 5}),
            request("s3", "put_object", {"Bucket": "sample", "Key": "a/b.zip", "Body": b"zip", "Metadata": {"a": "b"}}),
            request("s3", "delete_object", {"Bucket": "sample", "Key": "a/b.zip"}),
            request("s3", "put_bucket_tagging", {
                "Bucket": "sample", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}),
        ]
        code, printed = said(*records)
        self.assertEqual(code, 0, printed)
        self.assertEqual(printed.splitlines(), sorted([
            "appflow:ListConnectors 1", "appflow:RegisterConnector 1", "iam:CreateRole 1",
            "iam:ListAttachedRolePolicies 1", "lambda:AddPermission 1", "lambda:CreateFunction 1", "lambda:GetFunction 2", "lambda:Invoke 1",
            "lambda:RemovePermission 1", "lambda:TagResource 1", "lambda:UntagResource 1", "logs:DescribeLogGroups 1",
            "s3:DeleteObject 1", "s3:PutBucketTagging 1", "s3:PutObject 1", "sts:GetCallerIdentity 1"]))

    def test_operations_on_one_path_are_told_apart(self):
        part = {"Bucket": "b", "Key": "k", "PartNumber": 1, "UploadId": "u", "Body": b""}
        copy = {"Bucket": "b", "Key": "k", "CopySource": "b/k"}
        _, printed = said(request("s3", "upload_part", part), request("s3", "copy_object", copy))
        self.assertIn("s3:UploadPart 1", printed)
        self.assertIn("s3:CopyObject 1", printed)

    def test_the_same_token_twice_for_the_same_request(self):
        record = request("appflow", "register_connector", REGISTRATION)
        self.assertEqual(said(record, record)[0], 0)


class WhatIsWrong(unittest.TestCase):
    """Each finding names the operation, the request, the member and the reason."""

    def refused(self, expected, *records):
        code, printed = said(*records)
        self.assertEqual(code, 1, printed)
        self.assertIn(expected, printed)

    def test_unknown_service(self):
        self.refused("no model of a service 'nothing'",
                     {"service": "nothing", "method": "GET", "target": "/", "headers": {}, "body": ""})

    def test_unknown_path(self):
        record = request("lambda", "get_function", {"FunctionName": "sample"})
        self.refused("lambda has no operation GET /2015-03-31/function/sample",
                     record | {"target": "/2015-03-31/function/sample"})

    def test_unknown_method(self):
        record = request("lambda", "get_function", {"FunctionName": "sample"})
        self.refused("lambda has no operation PATCH", record | {"method": "PATCH"})

    def test_unknown_action(self):
        record = request("sts", "get_caller_identity", {})
        body = base64.b64encode(b"Action=GetCallerName&Version=2011-06-15").decode()
        self.refused("sts has no operation GetCallerName", record | {"body": body})

    def test_version_of_a_form(self):
        record = request("sts", "get_caller_identity", {})
        body = base64.b64encode(b"Action=GetCallerIdentity&Version=2012-01-01").decode()
        self.refused("Version is '2012-01-01', where the model has '2011-06-15'", record | {"body": body})

    def test_unknown_target(self):
        record = request("logs", "describe_log_groups", {})
        headers = record["headers"] | {"X-Amz-Target": "Logs_20140328.DescribeGroups"}
        self.refused("logs has no operation DescribeGroups", record | {"headers": headers})
        headers |= {"X-Amz-Target": "Logs.DescribeLogGroups"}
        self.refused("X-Amz-Target begins with 'Logs'", record | {"headers": headers})

    def test_type_of_content(self):
        record = request("logs", "describe_log_groups", {})
        headers = record["headers"] | {"Content-Type": "text/plain"}
        self.refused("Content-Type is 'text/plain'", record | {"headers": headers})

    def test_unreadable_bodies(self):
        broken = base64.b64encode(b"{").decode()
        self.refused("the body is no JSON", request("appflow", "list_connectors", {}) | {"body": broken})
        self.refused("the body is no form", request("sts", "get_caller_identity", {}) | {"body": broken})

    def test_body_where_none_is_known(self):
        record = request("lambda", "get_function", {"FunctionName": "sample"})
        self.refused("has a body, where the model has none", record | {"body": base64.b64encode(b'{"a": 1}').decode()})

    def test_missing_member(self):
        grant = {name: value for name, value in GRANT.items() if name != "Principal"}
        self.refused("request 1: Principal is required and missing", request("lambda", "add_permission", grant))
        self.refused("RoleName is required and missing", request("iam", "get_role", {}))

    def test_missing_member_of_a_member(self):
        record = with_json(request("appflow", "register_connector", REGISTRATION),
                           lambda body: body["connectorProvisioningConfig"]["lambda"].pop("lambdaArn"))
        self.refused("connectorProvisioningConfig.lambda.lambdaArn is required and missing", record)

    def test_unknown_member(self):
        record = with_json(request("lambda", "add_permission", GRANT), lambda body: body.update(Sid="x"))
        self.refused("Sid is not in the model", record)
        record = request("iam", "get_role", {"RoleName": "sample"})
        body = base64.b64decode(record["body"]) + b"&Tags.member.1.Key=a"
        self.refused("Tags.member.1.Key is not in the model", record | {"body": base64.b64encode(body).decode()})

    def test_unknown_query_parameter_and_header(self):
        record = request("lambda", "get_function", {"FunctionName": "sample"})
        self.refused("Version is a query parameter that is not in the model",
                     record | {"target": record["target"] + "?Version=1"})
        self.refused("x-amz-invocation-type is a header that is not in the model",
                     record | {"headers": record["headers"] | {"X-Amz-Invocation-Type": "Event"}})
        self.refused("Qualifier is given more than once",
                     record | {"target": record["target"] + "?Qualifier=1&Qualifier=2"})

    def test_type(self):
        record = request("lambda", "update_function_configuration", {"FunctionName": "sample", "Timeout": 3})
        self.refused("Timeout is text, where the model has a integer",
                     with_json(record, lambda body: body.update(Timeout="3")))
        self.refused("Timeout is true or false", with_json(record, lambda body: body.update(Timeout=True)))
        self.refused("Timeout is null", with_json(record, lambda body: body.update(Timeout=None)))
        form = request("iam", "list_attached_role_policies", {"RoleName": "sample", "MaxItems": "many"})
        self.refused("MaxItems is text", form)

    def test_pattern_of_the_whole_text(self):
        self.refused("Action is 'lambda:InvokeFunction please'",
                     request("lambda", "add_permission", GRANT | {"Action": "lambda:InvokeFunction please"}))
        self.refused("Tags[0].Key is 'a;b', which does not match",
                     request("iam", "create_role", ROLE | {"Tags": [{"Key": "a;b", "Value": "v"}]}))
        china = {"lambda": {"lambdaArn": ARN.replace("aws", "aws-cn", 1)}}
        self.refused("lambdaArn is 'arn:aws-cn:", with_json(
            request("appflow", "register_connector", REGISTRATION),
            lambda body: body.update(connectorProvisioningConfig=china)))

    def test_pattern_that_cannot_be_read(self):
        self.assertIn("cannot be read", " ".join(check_requests.service("appflow").shapes.check(
            "GlueDataCatalogDatabaseName", "x").__next__()))

    def test_lengths(self):
        self.refused("Description has 257 characters, more than 256", request(
            "lambda", "update_function_configuration", {"FunctionName": "sample", "Description": "x" * 257}))
        self.refused("connectorLabel has 257 characters", request("appflow", "register_connector",
                                                               REGISTRATION | {"connectorLabel": "x" * 257}))
        self.refused("Architectures has 2 entries, more than 1", request("lambda", "update_function_code", {
            "FunctionName": "sample", "ZipFile": b"zip", "Architectures": ["arm64", "x86_64"]}))

    def test_range(self):
        self.refused("Timeout has 0, less than 1", request("lambda", "update_function_configuration",
                                                           {"FunctionName": "sample", "Timeout": 0}))
        self.refused("MaxItems has 1001, more than 1000", request("iam", "list_attached_role_policies",
                                                               {"RoleName": "sample", "MaxItems": 1001}))

    def test_enumerated_value(self):
        self.refused("connectorType is 'CUSTOMCONNECTOR', none of", request(
            "appflow", "describe_connector", {"connectorType": "CUSTOMCONNECTOR", "connectorLabel": "sample"}))

    def test_text_that_is_no_base64(self):
        record = request("lambda", "update_function_code", {"FunctionName": "sample", "ZipFile": b"zip"})
        self.refused("ZipFile is not base64", with_json(record, lambda body: body.update(ZipFile="?")))

    def test_tokens(self):
        record = request("appflow", "register_connector", REGISTRATION)
        self.refused("clientToken is an idempotency token and missing",
                     with_json(record, lambda body: body.pop("clientToken")))
        other = request("appflow", "register_connector", REGISTRATION | {"connectorLabel": "other"})
        self.refused("request 2: clientToken is 't1', which a request with other parameters had", record, other)


if __name__ == "__main__":
    unittest.main()
