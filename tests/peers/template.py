"""Translates a SAM template to CloudFormation, as the service does, and prints it as JSON."""

import json
import sys

from cfnlint.decode.cfn_yaml import load
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator


class Session:
    """Of the AWS session, the translator asks only for the region."""

    region_name = "us-east-1"


template = json.loads(json.dumps(load(sys.argv[1])))
# The translator takes code from S3 only; `sam package` would have put it there.
template["Resources"]["ConnectorFunction"]["Properties"]["CodeUri"] = "s3://bucket/key"
# The template names no managed policy by its short name, so there is none to look up.
print(json.dumps(Translator({}, Parser(), boto_session=Session()).translate(template, {})))
