"""A moto that verifies signatures, and in it one IAM user who may assume any role but one.

Prints one line of JSON when it is ready, and ends when its standard input does.
"""

import json
import os
import sys
import threading

import boto3
import requests
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    create_backend_app,
)
from moto.server import MotoRequestHandler
from werkzeug.serving import make_server

ACCOUNT = "123456789012"
ANYTHING = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
SOMEBODY_ELSE = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/somebody-else"},
}


def document(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def populate(url):
    """Gives the user's keys."""
    iam = boto3.client(
        "iam",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    iam.create_user(UserName="portcullis")
    iam.put_user_policy(
        UserName="portcullis", PolicyName="p", PolicyDocument=document(ANYTHING)
    )
    iam.create_role(
        RoleName="not-ours", AssumeRolePolicyDocument=document(SOMEBODY_ELSE)
    )
    return iam.create_access_key(UserName="portcullis")["AccessKey"]


def main():
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server(
        "127.0.0.1",
        0,
        application,
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    key = populate(url)
    # From now on signatures are verified. A form would be refused.
    answer = requests.post(
        f"{url}/moto-api/reset-auth", data="0", headers={"Content-Type": "text/plain"}
    )
    answer.raise_for_status()
    ready = {
        "url": url,
        "access_key": key["AccessKeyId"],
        "secret_key": key["SecretAccessKey"],
        "account": ACCOUNT,
    }
    print(json.dumps(ready), flush=True)
    sys.stdin.read()
    os._exit(0)


main()
