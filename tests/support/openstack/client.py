"""What programs do with python-barbicanclient, and what they see: each line is one result, for comparing.

    python client.py

The environment names Keystone, the user and the region, as for the `openstack` client.
"""

import base64
import os
import re
import uuid

from barbicanclient import client as barbican
from barbicanclient import exceptions
from cryptography.hazmat.primitives import serialization
from keystoneauth1 import loading, session


def connect():
    given = {name[3:].lower(): value for name, value in os.environ.items() if name.startswith("OS_")}
    region = given.pop("region_name")
    del given["identity_api_version"]
    auth = loading.get_plugin_loader("v3password").load_from_options(**given)
    return barbican.Client(session=session.Session(auth=auth), region_name=region)


def show(what, *values):
    print(what, *(repr(value) for value in values))


def attempt(what, action):
    """The result, or the client's error and the code that it carries; an explanation after Barbican's words goes."""
    try:
        show(what, action())
    except (exceptions.HTTPAuthError, exceptions.HTTPClientError, exceptions.HTTPServerError) as error:
        words = re.sub(r"(user/project privileges).*", r"\1", str(error))
        show(what, type(error).__name__, getattr(error, "status_code", None), words)
    except (ValueError, exceptions.SecretHasConsumers) as error:
        show(what, type(error).__name__)


def acl_of(client, reference):
    acl = client.acls.get(reference)
    read = acl.read
    times = [read.created is not None, read.updated is not None]
    return type(acl).__name__, sorted(read.users), read.project_access, times


def payloads(client):
    text = client.secrets.create(name="text", payload="grün", algorithm="aes", bit_length=256, mode="cbc")
    text.store()
    binary = client.secrets.create(name="binary", payload=bytes(range(256)), secret_type="opaque")
    binary.store()
    dated = client.secrets.create(name="dated", payload="later", expiration="2096-02-03T04:05:06")
    dated.store()
    for secret in (text, binary, dated):
        found = client.secrets.get(secret.secret_ref)
        show("secret", found.name, found.status, found.secret_type, found.algorithm, found.bit_length, found.mode,
             found.content_types, found.payload, found.payload_content_type, str(found.expiration),
             found.created is not None, found.updated is not None)
    empty = client.secrets.create(name="empty")
    empty.store()
    attempt("no payload", lambda: client.secrets.get(empty.secret_ref).payload)
    client.secrets.update(empty.secret_ref, "at last")
    show("payload later", client.secrets.get(empty.secret_ref).payload)
    attempt("payload twice", lambda: client.secrets.update(empty.secret_ref, "again"))
    listed = client.secrets.list(name="empty")
    show("listed", [(secret.name, secret.status) for secret in listed])
    client.secrets.delete(empty.secret_ref)
    attempt("deleted", lambda: client.secrets.get(empty.secret_ref).name)
    attempt("stored twice", lambda: client.secrets.get("not-a-reference"))
    wrong = client.secrets.create(name="w", payload=base64.b64encode(b"x").decode(), secret_type="nothing")
    attempt("wrong type", wrong.store)
    return text, binary, dated


def acls(client, reference):
    for users in (None, ["u1", "u2"], []):
        for project_access in (True, None, False):
            acl = client.acls.create(entity_ref=reference, users=users, project_access=project_access)
            attempt("submit %r %r" % (users, project_access), lambda acl=acl: acl.submit().startswith("http"))
            attempt("get", lambda: acl_of(client, reference))
    attempt("flag", client.acls.create(reference, users=["u1"], project_access="Incorrect_flag").submit)
    attempt("users", client.acls.create(reference, users="u1", project_access=False).submit)
    acl = client.acls.create(reference, users=["u1", "u2"], project_access=False)
    acl.submit()
    acl = client.acls.get(reference)
    acl.read.users = acl.read.users + ["u3"]
    acl.submit()
    attempt("added", lambda: acl_of(client, reference))
    acl = client.acls.get(reference)
    acl.read.users = [user for user in acl.read.users if user != "u1"]
    acl.submit()
    attempt("removed", lambda: acl_of(client, reference))
    client.acls.get(reference).read.remove()
    attempt("operation removed", lambda: acl_of(client, reference))
    acl.remove()
    acl.remove()
    attempt("deleted", lambda: acl_of(client, reference))
    kind = reference.rsplit("/", 2)[1]
    unknown = "%s/%s" % (reference.rsplit("/", 1)[0], uuid.uuid4())
    attempt("unknown " + kind, lambda: client.acls.get(unknown))
    attempt("unknown " + kind, lambda: client.acls.create(unknown, users=["u1"]).submit())
    attempt("unknown " + kind, lambda: client.acls.create(unknown).remove())


def containers(client, text, binary, dated):
    generic = client.containers.create(name="generic", secrets={"a": text, "b": binary})
    rsa = client.containers.create_rsa(name="rsa", public_key=text, private_key=binary, private_key_passphrase=dated)
    certificate = client.containers.create_certificate(name="certificate", certificate=text, intermediates=binary,
                                                       private_key=dated)
    twice = client.containers.create(name="twice", secrets={"a": text, "b": text})
    attempt("one secret twice", twice.store)
    for container in (generic, rsa, certificate):
        container.store()
        found = client.containers.get(container.container_ref)
        secrets = {name: secret.name for name, secret in found.secrets.items()}
        show("container", type(found).__name__, found.name, found.status, sorted(secrets.items()), found.consumers)
    attempt("acl of a container", lambda: acl_of(client, rsa.container_ref))
    show("containers", sorted(container.name for container in client.containers.list()
                              if container.container_ref in (generic.container_ref, rsa.container_ref)))
    rsa.delete()
    attempt("deleted", lambda: client.containers.get(certificate.container_ref.rsplit("/", 1)[0] + "/"
                                                     + str(uuid.uuid4())).name)
    return generic


def order_of(client, order):
    order = client.orders.get(order.submit())
    show("order", type(order).__name__, order.name, order.status, order.algorithm, order.bit_length,
         str(order.expiration), order.error_status_code, order.error_reason, order.created is not None)
    return order


def payload_of(client, reference):
    secret = client.secrets.get(reference)
    show("made", secret.name, secret.secret_type, secret.algorithm, secret.bit_length, secret.mode, secret.content_types)
    return secret.payload


def orders(client):
    create_key, create_pair = client.orders.create_key, client.orders.create_asymmetric
    key = order_of(client, create_key(name="key", algorithm="aes", bit_length=256, mode="cbc"))
    show("bytes", len(payload_of(client, key.secret_ref)))
    key = order_of(client, create_key(name="hmac", algorithm="hmacsha512", bit_length=192,
                                      expiration="2096-02-03T04:05:06",
                                      payload_content_type="application/octet-stream"))
    show("bytes", len(payload_of(client, key.secret_ref)))
    for algorithm, bits in (("aes", 512), ("nothing", 256), ("rsa", 2048)):
        order_of(client, create_key(name="failed", algorithm=algorithm, bit_length=bits))
    attempt("bits", create_key(algorithm="aes", bit_length=7).submit)
    for passphrase in (None, "hunter2"):
        pair = order_of(client, create_pair(name="pair", algorithm="rsa", bit_length=2048, pass_phrase=passphrase))
        container = client.containers.get(pair.container_ref)
        show("pair", type(container).__name__, container.name, sorted(container.secret_refs))
        pem = {name: payload_of(client, reference) for name, reference in sorted(container.secret_refs.items())}
        # The client calls it `pass_phrase`, which means nothing to Barbican.
        private = serialization.load_pem_private_key(pem["private_key"], None)
        public = serialization.load_pem_public_key(pem["public_key"])
        show("fits", private.key_size, private.public_key() == public)
    order_of(client, create_pair(name="curve", algorithm="ec", bit_length=256))
    client.orders.delete(pair.order_ref)
    attempt("deleted", lambda: client.orders.get(pair.order_ref))
    attempt("deleted twice", lambda: client.orders.delete(pair.order_ref))
    show("kept", client.containers.get(container.container_ref).name)


def consumers(client, secret, container):
    for call in (client.containers.register_consumer, client.containers.remove_consumer):
        call(container, name="lb", url="http://lb/1")
        show("consumers", [sorted(found.items()) for found in client.containers.get(container).consumers])
    attempt("no consumer", lambda: client.containers.remove_consumer(container, name="lb", url="http://lb/1"))
    one = {"service": "lb", "resource_type": "listener", "resource_id": "l1"}
    client.secrets.register_consumer(secret, **one)
    client.secrets.register_consumer(secret, **dict(one, resource_id="l2"))
    show("consumers", [sorted(found.items()) for found in client.secrets.get(secret).consumers])
    show("consumers", [(found.service, found.resource_type, found.resource_id)
                       for found in client.secrets.list_consumers(secret)])
    attempt("in use", lambda: client.secrets.delete(secret))
    client.secrets.remove_consumer(secret, **one)
    attempt("no consumer", lambda: client.secrets.remove_consumer(secret, **one))
    client.secrets.remove_consumer(secret, **dict(one, resource_id="l2"))
    show("no consumers", list(client.secrets.list_consumers(secret)))


def main():
    client = connect()
    text, binary, dated = payloads(client)
    generic = containers(client, text, binary, dated)
    orders(client)
    consumers(client, text.secret_ref, generic.container_ref)
    acls(client, text.secret_ref)
    acls(client, generic.container_ref)


main()
