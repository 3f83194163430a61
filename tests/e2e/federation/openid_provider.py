"""An OpenID provider for one public client, as strict as the specifications: PKCE with S256 (RFC 7636), codes and refresh
tokens that work once, redirects to loopback alone (RFC 8252), the device flow with `slow_down` (RFC 8628).

Arguments: the client, the user, the seconds that a token lasts; for TLS also the files of a certificate and its key. Prints
the issuer; runs until its input ends. A user is signed in as soon as the authorization URL or the device's verification URL
is opened. `/issue?claims=JSON` gives a token with these claims put over the usual ones.

`/register?client=ID&secret=SECRET&redirect_uri=URI&logout_uri=URI` adds a confidential client for browsers: it sends its secret
by Basic, its redirect URI is this one to the letter, users type their names at `/authorize` (or come with `&user=NAME`), and
`/end` ends the provider's own session (OpenID Connect RP-Initiated Logout). `/next?with=JSON` changes the next sign-in: `claims`
over those of its token, `error` and `error_description` instead of a code, another `iss` (RFC 9207), or `token_error`.
"""

import base64
import hashlib
import json
import os
import secrets
import ssl
import sys
import threading
import time
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

client, user, lasts, *tls = sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:]
key = ECKey.generate_key("P-256", {"kid": "test", "alg": "ES256", "use": "sig"})
codes, refresh_tokens, devices, log = {}, set(), {}, []
clients, following = {}, {}
GROUPS = {"alice": ["developers", "aws-production-reader", "aws-staging-admin"], "carol": ["leads", "aws-production-reader"]}
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Refused(Exception):
    pass


def tokens(nonce, of_client=None, of_user=None):
    now = int(time.time())
    claims = {"iss": issuer, "aud": of_client or client, "sub": of_user or user, "iat": now, "exp": now + lasts}
    claims.update(jti=secrets.token_hex(8), groups=GROUPS.get(of_user, ["aws-production-reader"]))
    if nonce:
        claims["nonce"] = nonce
    claims.update(following.pop("claims", {}))
    refresh = "refresh-" + secrets.token_urlsafe(16)
    refresh_tokens.add(refresh)
    signed = jwt.encode({"alg": "ES256", "kid": "test"}, claims, key)
    return {"access_token": "opaque-" + secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": lasts,
            "id_token": signed, "refresh_token": refresh}


def by_browser(form, basic):
    """A code of a registered client, with PKCE and with its secret."""
    asked = codes.pop(form["code"], None)
    verifier = hashlib.sha256(form["code_verifier"].encode()).digest()
    challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
    if "token_error" in following:
        raise Refused(following.pop("token_error"))
    if not asked or asked["redirect_uri"] != form["redirect_uri"] or asked["code_challenge"] != challenge:
        raise Refused("invalid_grant")
    # Both are encoded as in a form (RFC 6749, 2.3.1).
    name, secret = map(unquote_plus, base64.b64decode(basic).decode().split(":"))
    if asked["client_id"] != name or clients[name]["secret"] != secret:
        raise Refused("invalid_client")
    return tokens(asked["nonce"], name, asked["user"])


def grant(form, basic=None):
    log.append(form["grant_type"])
    if basic:
        return by_browser(form, basic)
    if form.get("client_id") != client:
        raise Refused("invalid_client")
    if form["grant_type"] == "authorization_code":
        asked = codes.pop(form["code"], None)
        verifier = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if not asked or asked["redirect_uri"] != form["redirect_uri"] or asked["code_challenge"] != challenge:
            raise Refused("invalid_grant")
        return tokens(asked["nonce"])
    if form["grant_type"] == "refresh_token":
        if form["refresh_token"] not in refresh_tokens:
            raise Refused("invalid_grant")
        refresh_tokens.remove(form["refresh_token"])
        return tokens(None)
    if form["grant_type"] == DEVICE_GRANT:
        device = devices[form["device_code"]]
        device["polls"] += 1
        if device["polls"] == 1:
            raise Refused("slow_down")
        if not device["approved"]:
            raise Refused("authorization_pending")
        del devices[form["device_code"]]
        return tokens(None)
    raise Refused("unsupported_grant_type")


class Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json", **headers):
        text = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def authorize(self, query):
        registered = clients[query["client_id"]]
        right = (query["redirect_uri"] == registered["redirect_uri"] and query["response_type"] == "code"
                 and query["code_challenge_method"] == "S256" and len(query["state"]) >= 16
                 and len(query["nonce"]) >= 16 and "openid" in query["scope"].split())
        if not right:
            return self.answer(400, "wrong request")
        cookies = dict(pair.strip().split("=", 1) for pair in self.headers.get("Cookie", "").split(";") if "=" in pair)
        name = query.pop("user", None) or cookies.get("provider")
        if not name:
            fields = "".join(f'<input type=hidden name="{escape(k)}" value="{escape(v)}">' for k, v in query.items())
            page = (f"<!doctype html><title>Provider</title><link rel=icon href='data:,'><form>{fields}"
                    "<label>User <input name=user autofocus></label><button>Go on</button></form>")
            return self.answer(200, page, "text/html")
        back = {"state": query["state"], "iss": following.pop("iss", issuer)}
        if "error" in following:
            back.update(error=following.pop("error"), error_description=following.pop("error_description", ""))
        else:
            back["code"] = "code-" + secrets.token_urlsafe(16)
            codes[back["code"]] = {**query, "user": name}
        kept = {"Set-Cookie": f"provider={name}; Path=/; HttpOnly"}
        self.answer(302, "", Location=f"{query['redirect_uri']}?{urlencode(back)}", **kept)

    def do_GET(self):
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        if url.path == "/register":
            clients[query["client"]] = query
            self.answer(200, "registered")
        elif url.path == "/next":
            following.update(json.loads(query["with"]))
            self.answer(200, "noted")
        elif url.path == "/authorize" and query.get("client_id") in clients:
            self.authorize(query)
        elif url.path == "/end":
            known = clients.get(query.get("client_id"), {}).get("logout_uri")
            if "id_token_hint" in query or not known or known != query.get("post_logout_redirect_uri"):
                return self.answer(400, "wrong request")
            log.append("end")
            ended = {"Set-Cookie": "provider=; Max-Age=0; Path=/; HttpOnly"}
            self.answer(302, "", Location=known, **ended)
        elif url.path == "/.well-known/openid-configuration":
            names = {"authorization": "/authorize", "token": "/token", "device_authorization": "/device",
                     "revocation": "/revoke", "end_session": "/end"}
            found = {f"{name}_endpoint": issuer + path for name, path in names.items()}
            self.answer(200, {"issuer": issuer, "jwks_uri": issuer + "/jwks", "scopes_supported": ["openid",
                              "offline_access"], "id_token_signing_alg_values_supported": ["ES256"],
                              "authorization_response_iss_parameter_supported": True,
                              "response_types_supported": ["code"], "subject_types_supported": ["public"], **found})
        elif url.path == "/jwks":
            self.answer(200, {"keys": [key.as_dict(private=False)]})
        elif url.path == "/issue":
            now = int(time.time())
            claims = {"iss": issuer, "aud": client, "sub": user, "iat": now, "exp": now + lasts}
            claims.update(json.loads(query["claims"]))
            self.answer(200, jwt.encode({"alg": "ES256", "kid": "test"}, claims, key))
        elif url.path == "/log":
            self.answer(200, log)
        elif url.path == "/authorize":
            redirect = urlsplit(query["redirect_uri"])
            right = (query["client_id"] == client and query["response_type"] == "code"
                     and query["code_challenge_method"] == "S256" and len(query["state"]) >= 16
                     and len(query["nonce"]) >= 16 and query["scope"].split() == ["openid", "offline_access"]
                     and redirect.hostname == "127.0.0.1" and redirect.port)
            if not right:
                return self.answer(400, "wrong request")
            code = secrets.token_urlsafe(16)
            codes[code] = query
            back = urlencode({"code": code, "state": query["state"]})
            self.answer(302, "", Location=f"{query['redirect_uri']}?{back}")
        elif url.path == "/approve":
            for device in devices.values():
                if device["user_code"] == query["user_code"]:
                    device["approved"] = True
                    return self.answer(200, "approved")
            self.answer(404, "no such code")
        else:
            self.answer(404, "")

    def do_POST(self):
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        try:
            if self.path == "/token":
                self.answer(200, grant(form, self.headers.get("Authorization", "").removeprefix("Basic ")))
            elif self.path == "/device" and form["client_id"] == client:
                code, user_code = secrets.token_urlsafe(16), secrets.token_hex(4).upper()
                devices[code] = {"polls": 0, "approved": False, "user_code": user_code}
                self.answer(200, {"device_code": code, "user_code": user_code, "expires_in": 600, "interval": 1,
                                  "verification_uri": issuer + "/approve",
                                  "verification_uri_complete": f"{issuer}/approve?user_code={user_code}"})
            elif self.path == "/revoke":
                log.append("revoke")
                refresh_tokens.discard(form["token"])
                self.answer(200, "")
            else:
                self.answer(404, "")
        except Refused as error:
            self.answer(400, {"error": str(error), "error_description": "the provider says why"})


server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
if tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
# Another name of this machine makes another site of it for browsers.
host = os.environ.get("PROVIDER_HOST", "127.0.0.1")
issuer = f"{'https' if tls else 'http'}://{host}:{server.server_address[1]}"
threading.Thread(target=server.serve_forever, daemon=True).start()
print(issuer, flush=True)
sys.stdin.read()
