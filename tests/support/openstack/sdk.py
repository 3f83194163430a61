"""What programs do with openstacksdk's key manager, and what they see: each line is one result, for comparing.

    python sdk.py

The environment names Keystone, the user and the region, as for the `openstack` client.
"""

import re

import openstack
from openstack import exceptions

SKIPPED = ("location", "created_at", "updated_at", "consumers")


def show(what, *values):
    print(what, *(repr(value) for value in values))


def fields(resource):
    return sorted((name, len(value) if name == "payload" else value) for name, value in resource.to_dict().items()
                  if name not in SKIPPED and value is not None)


def attempt(what, action):
    try:
        show(what, action())
    except exceptions.HttpException as error:
        words = re.sub(r"(user/project privileges).*", r"\1", str(error.details))
        show(what, type(error).__name__, error.status_code, words)


def orders(manager):
    for order_type, meta in (("key", {"name": "sdk", "algorithm": "aes", "bit_length": 128, "mode": "ctr"}),
                             ("asymmetric", {"name": "sdk", "algorithm": "rsa", "bit_length": 1024}),
                             ("key", {"name": "sdk", "algorithm": "aes", "bit_length": 1024})):
        order = manager.create_order(type=order_type, meta=meta)
        show("created", fields(order))
        found = manager.get_order(order.order_id)
        show("got", fields(found))
        if found.secret_ref:
            show("secret", fields(manager.get_secret(found.secret_id)))
        show("listed", any(listed.order_id == order.order_id for listed in manager.orders(limit=50)))
        manager.delete_order(found.order_id)
        attempt("deleted", lambda: manager.get_order(found.order_id))
    attempt("refused", lambda: manager.create_order(type="certificate", meta={}))


def consumers(manager, secret):
    one = {"service": "nova", "resource_type": "server", "resource_id": "s1"}
    attempt("consumer", lambda: fields(manager.create_secret_consumer(secret.secret_id, **one)) != [])
    attempt("consumers", lambda: [(found.service, found.resource_type, found.resource_id)
                                  for found in manager.secret_consumers(secret.secret_id)])
    attempt("removed", lambda: manager.delete_secret_consumer(secret.secret_id, **one))
    attempt("consumers", lambda: list(manager.secret_consumers(secret.secret_id)))


def main():
    connection = openstack.connect(load_yaml_config=False)
    manager = connection.key_manager
    orders(manager)
    secret = manager.create_secret(name="sdk", payload="hello", payload_content_type="text/plain")
    consumers(manager, secret)
    container = manager.create_container(name="sdk", type="generic",
                                         secret_refs=[{"name": "k", "secret_ref": secret.secret_ref}])
    show("container", fields(manager.get_container(container.container_id)))
    attempt("quota", lambda: fields(manager.get_quota()))
    project = connection.current_project_id
    attempt("project quota", lambda: fields(manager.get_project_quota(project)))
    attempt("set quota", lambda: fields(manager.update_project_quota(project, secrets=5)))
    attempt("stores", lambda: list(manager.secret_stores()))
    manager.delete_container(container.container_id)
    manager.delete_secret(secret.secret_id)
    attempt("deleted", lambda: fields(manager.get_secret(secret.secret_id)))


main()
