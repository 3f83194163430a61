"""What services do with castellan's Barbican key manager, and what they see: each line is one result, for comparing.

    python castellan_manager.py

The environment names Keystone, the user and the region, as for the `openstack` client.
"""

import datetime
import os

from castellan import key_manager
from castellan.common import exception
from castellan.common.credentials import keystone_password
from castellan.common.objects import opaque_data, passphrase, private_key, public_key, symmetric_key, x_509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from oslo_config import cfg


def connect():
    conf = cfg.ConfigOpts()
    conf([], project="castellan")
    manager = key_manager.API(conf)
    conf.set_override("backend", "barbican", "key_manager")
    conf.set_override("auth_endpoint", os.environ["OS_AUTH_URL"], "barbican")
    conf.set_override("barbican_region_name", os.environ["OS_REGION_NAME"], "barbican")
    context = keystone_password.KeystonePassword(
        auth_url=os.environ["OS_AUTH_URL"], username=os.environ["OS_USERNAME"], password=os.environ["OS_PASSWORD"],
        user_domain_id=os.environ["OS_USER_DOMAIN_ID"], project_name=os.environ["OS_PROJECT_NAME"],
        project_domain_id=os.environ["OS_PROJECT_DOMAIN_ID"])
    return manager, context


def attempt(what, action):
    try:
        print(what, repr(action()))
    except exception.CastellanException as error:
        print(what, type(error).__name__)


def show(what, found):
    size = getattr(found, "bit_length", None)
    print(what, type(found).__name__, found.name, getattr(found, "algorithm", None), size, found.created is not None)


def certificate(key):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "castellan")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, datetime.datetime(2026, 1, 1),
                                      datetime.datetime(2096, 1, 1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def main():
    manager, context = connect()
    made = []
    for algorithm, length, name in (("AES", 256, "key"), ("HMACSHA256", 128, "hmac"), ("DES", 64, None)):
        made.append(manager.create_key(context, algorithm=algorithm, length=length, name=name,
                                       expiration="2096-02-03T04:05:06"))
        found = manager.get(context, made[-1])
        show("key", found)
        print(len(found.get_encoded()))
    attempt("no such key", lambda: manager.create_key(context, algorithm="AES", length=512))
    attempt("no such algorithm", lambda: manager.create_key(context, algorithm="nothing", length=256))
    pair = manager.create_key_pair(context, algorithm="RSA", length=2048, name="pair")
    made.extend(pair)
    private, public = (manager.get(context, reference) for reference in pair)
    show("private", private)
    show("public", public)
    key = serialization.load_der_private_key(private.get_encoded(), None)
    print(key.key_size, key.public_key() == serialization.load_der_public_key(public.get_encoded()))
    attempt("no such pair", lambda: manager.create_key_pair(context, algorithm="EC", length=256))
    for stored in (symmetric_key.SymmetricKey("AES", 128, bytes(16), name="s"), passphrase.Passphrase(b"pp", name="p"),
                   opaque_data.OpaqueData(bytes(range(256)), name="o"),
                   private_key.PrivateKey("RSA", 2048, private.get_encoded(), name="private"),
                   public_key.PublicKey("RSA", 2048, public.get_encoded(), name="public"),
                   x_509.X509(certificate(key), name="x")):
        made.append(manager.store(context, stored))
        found = manager.get(context, made[-1])
        show("stored", found)
        print(found.get_encoded() == stored.get_encoded())
    listed = manager.list(context, object_type=symmetric_key.SymmetricKey)
    print("listed", {key.id for key in listed} >= set(made[:3]))
    consumer = {"service": "cinder", "resource_type": "volume", "resource_id": "v1"}
    manager.add_consumer(context, made[0], consumer)
    print("consumers", manager.get(context, made[0]).consumers)
    attempt("in use", lambda: manager.delete(context, made[0]))
    manager.remove_consumer(context, made[0], consumer)
    attempt("removed", lambda: manager.get(context, made[0]).consumers)
    manager.add_consumer(context, made[1], consumer)
    manager.delete(context, made[1], force=True)
    for reference in made[:1] + made[2:]:
        manager.delete(context, reference)
    for reference in made[:2]:
        attempt("deleted", lambda reference=reference: manager.get(context, reference))
    attempt("deleted twice", lambda: manager.delete(context, made[0]))


main()
