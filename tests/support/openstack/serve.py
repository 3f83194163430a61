"""Serves Keystone or Barbican on the listening socket that is this process's standard input.

    python serve.py PARENT FOLDER keystone
    python serve.py PARENT FOLDER barbican

The configuration is in FOLDER; the database is made here first. Whoever connects meanwhile waits in the socket's
queue, so the first answer is the sign that it is ready. When the process PARENT ends, however it ends, this one
removes FOLDER and ends too.
"""

import base64
import os
import select
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading

PARENT, FOLDER, NAME = int(sys.argv[1]), sys.argv[2], sys.argv[3]
# Keystone reads the command line itself.
sys.argv = sys.argv[:1]
TOOLS = os.path.dirname(sys.executable)


def end_with_parent():
    try:
        parent = os.pidfd_open(PARENT)
    except ProcessLookupError:
        pass
    else:
        poll = select.poll()
        poll.register(parent, select.POLLIN)
        poll.poll()
    shutil.rmtree(FOLDER, ignore_errors=True)
    os._exit(0)


def run(*command):
    if subprocess.run([os.path.join(TOOLS, command[0]), *command[1:]], stdin=subprocess.DEVNULL).returncode != 0:
        sys.exit("`%s` failed" % " ".join(command))


def database(name, *commands):
    """Made by the programs' own commands, which take seconds; once, and copied from then on."""
    kept, new = os.path.join(TOOLS, "..", name), os.path.join(FOLDER, name)
    if os.path.exists(kept):
        shutil.copyfile(kept, new)
        return
    for command in commands:
        run(*command)
    part = "%s.%d" % (kept, os.getpid())
    shutil.copyfile(new, part)
    os.rename(part, kept)


def keys(name):
    """What `fernet_setup` and `credential_setup` make."""
    folder = os.path.join(FOLDER, name)
    os.mkdir(folder, 0o700)
    for number in ("0", "1"):
        with open(os.path.join(folder, number), "wb") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(32)))


def keystone(url):
    config = os.path.join(FOLDER, "keystone.conf")
    manage = ("keystone-manage", "--config-file", config)
    for name in ("fernet", "credential"):
        keys(name)
    anywhere = [part for kind in ("public", "internal", "admin") for part in ("--bootstrap-%s-url" % kind, "http://x/")]
    database("keystone.sqlite", (*manage, "db_sync"), (*manage, "bootstrap", "--bootstrap-password", "adminpass",
                                                       "--bootstrap-region-id", "RegionOne", *anywhere))
    with sqlite3.connect(os.path.join(FOLDER, "keystone.sqlite")) as connection:
        connection.execute("UPDATE endpoint SET url = ?", (url + "/v3/",))
    os.environ["OS_KEYSTONE_CONFIG_FILES"] = config
    from keystone.wsgi.api import application
    return application


def barbican(_url):
    # Barbican finds its configuration as $HOME/.barbican/barbican.conf.
    os.environ["HOME"] = FOLDER
    database("barbican.sqlite", ("barbican-manage", "db", "upgrade"))
    from paste import deploy
    return deploy.loadapp("config:" + os.path.join(TOOLS, "..", "etc", "barbican", "barbican-api-paste.ini"))


def main():
    threading.Thread(target=end_with_parent, daemon=True).start()
    listener = socket.socket(fileno=0)
    url = "http://%s:%d" % listener.getsockname()
    application = {"keystone": keystone, "barbican": barbican}[NAME](url)
    from waitress import serve
    # One thread: writers would lock each other out of the database file, which both answer with 500. waitress would
    # drop X-Forwarded-Proto.
    serve(application, sockets=[listener], threads=1, ident=None, clear_untrusted_proxy_headers=False)


main()
