"""What a program with boto3 does that says nothing about credentials: it finds some, and asks who it is.

Prints one line of JSON: who it is, which of boto3's ways led there, and every request that was made on it.
"""

import json
import logging
import sys

import boto3
import botocore.exceptions

requests = []


class Requests(logging.Handler):
    def emit(self, record):
        # urllib3's own line: '%s://%s:%s "%s %s %s" %s %s'
        if len(record.args) == 8:
            _, _, _, method, path, _, status, _ = record.args
            requests.append(f"{method} {path} {status}")


logging.getLogger("urllib3.connectionpool").setLevel(logging.DEBUG)
logging.getLogger("urllib3.connectionpool").addHandler(Requests())

found = {"requests": requests}
try:
    session = boto3.Session()
    credentials = session.get_credentials()
    if credentials is None:
        found["error"] = "no credentials"
    else:
        found["method"] = credentials.method
        found["refreshes"] = getattr(credentials, "_expiry_time", None) is not None
        if "--no-call" not in sys.argv:
            identity = session.client("sts").get_caller_identity()
            found["arn"] = identity["Arn"]
            found["account"] = identity["Account"]
except botocore.exceptions.BotoCoreError as error:
    found["error"] = str(error)
print(json.dumps(found))
