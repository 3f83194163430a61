"""What `aws sso login` and a profile with `sso_session` do, by boto3: the device flow, the cache of tokens, credentials by profile.

    sso.py CONFIG

The file has the profiles `reader` (`sso_session`) and `old` (`sso_start_url`). Prints the user code, waits for a line, and prints
what it got as JSON. The endpoints are those of `AWS_ENDPOINT_URL_SSO` and `AWS_ENDPOINT_URL_SSO_OIDC`.
"""

import hashlib
import json
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

START = "https://aws.example.org/people"
oidc = boto3.client("sso-oidc", region_name="eu-central-1")
client = oidc.register_client(clientName="test", clientType="public")
names = {"clientId": client["clientId"], "clientSecret": client["clientSecret"]}
begun = oidc.start_device_authorization(**names, startUrl=START)
grant = {**names, "grantType": "urn:ietf:params:oauth:grant-type:device_code", "deviceCode": begun["deviceCode"]}


def fails(kind, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == kind, error.response
        return
    raise AssertionError(f"{kind} is expected")


fails("AuthorizationPendingException", oidc.create_token, **grant)
fails("ExpiredTokenException", oidc.create_token, **{**grant, "deviceCode": "x" + grant["deviceCode"][1:]})
fails("UnsupportedGrantTypeException", oidc.create_token, **{**grant, "grantType": "authorization_code"})
print(begun["verificationUriComplete"], flush=True)
sys.stdin.readline()
token = oidc.create_token(**grant)
# It is handed out once.
fails("ExpiredTokenException", oidc.create_token, **grant)

cache = Path.home() / ".aws" / "sso" / "cache"
cache.mkdir(parents=True)
ends = datetime.now(timezone.utc) + timedelta(seconds=token["expiresIn"])
for key in ("portcullis", START):
    entry = {"startUrl": START, "region": "eu-central-1", "accessToken": token["accessToken"],
             "expiresAt": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}
    (cache / (hashlib.sha1(key.encode()).hexdigest() + ".json")).write_text(json.dumps(entry))

sso = boto3.client("sso", region_name="eu-central-1")
access = {"accessToken": token["accessToken"]}
accounts = sso.list_accounts(**access)["accountList"]
roles = sso.list_account_roles(**access, accountId="111111111111")["roleList"]
fails("UnauthorizedException", sso.list_accounts, accessToken="x.y.z")
fails("ForbiddenException", sso.get_role_credentials, **access, accountId="111111111111", roleName="admin")
fails("ForbiddenException", sso.list_account_roles, **access, accountId="999999999999")
keys = {}
for profile in ("reader", "old"):
    found = boto3.Session(profile_name=profile).get_credentials()
    keys[profile] = [found.method, found.get_frozen_credentials().access_key]
sso.logout(**access)
lasts = sso.get_role_credentials(**access, accountId="111111111111", roleName="reader")["roleCredentials"]["expiration"]
print(json.dumps({"accounts": accounts, "roles": roles, "keys": keys, "lasts": lasts / 1000 - time.time(),
                  "expires_in": token["expiresIn"]}))
