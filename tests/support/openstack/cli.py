"""Runs commands of the `openstack` client one after the other, each in a process of its own, as its own script would:
only that the modules, which take seconds to load, are loaded once.

    python cli.py < COMMANDS

COMMANDS is a JSON list of lists of arguments. `{secret}`, `{container}` and `{order}` stand for the reference that the last
command that made one has shown. A JSON list goes out: status, standard output and standard error of each command.
"""

import contextlib
import io
import json
import multiprocessing
import re
import sys

import barbicanclient.client  # noqa: F401: what the commands load
import openstack.connection  # noqa: F401
from openstackclient.shell import main


def run(arguments):
    output, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(error):
        try:
            status = main(arguments)
        except SystemExit as ended:
            status = ended.code
    return {"status": status, "stdout": output.getvalue(), "stderr": error.getvalue()}


references, results = {}, []
with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
    for command in json.load(sys.stdin):
        result = pool.apply(run, ([re.sub(r"\{(secret|container|order)\}", lambda found: references[found[1]], part)
                                   for part in command],))
        if "store" in command or "create" in command:
            for found in re.finditer(r"http://[\d.:]+/v1/(secret|container|order)s/[0-9a-f-]{36}", result["stdout"]):
                references[found[1]] = found[0]
        results.append(result)
json.dump(results, sys.stdout)
