"""Helps to write a Portcullis policy in Python, for componentize-py. See examples/python.

An exception that leaves a hook arrives at the host as a bare trap, without what was raised: `guarded` logs
it and answers with an error instead, which the host counts as a fault and refuses.
"""

import functools
import json

from componentize_py_types import Err
from wit_world.imports import log, types

# A world has the types of the hooks that it exports, and no others. Nothing can be imported later: a policy has no files.
try:
    from wit_world.imports import docker_edits
except ImportError:
    docker_edits = None
try:
    from wit_world.imports import aws
except ImportError:
    aws = None


def allow(rule: str) -> types.Opinion:
    """It grants, by this rule."""
    return types.Opinion(types.Verdict.ALLOW, "", rule, [])


def deny(rule: str, reason: str) -> types.Opinion:
    """It forbids. The reason is shown to the caller: say what to do instead."""
    return types.Opinion(types.Verdict.DENY, reason, rule, [])


def abstain() -> types.Opinion:
    """It has no objection and grants nothing."""
    return types.Opinion(types.Verdict.ABSTAIN, "", "", [])


def edits(visible=None, labels=(), hidden_environment=()):
    """The answer of `docker-edit`: visibility, labels as pairs, names of hidden variables. Without arguments, no edits."""
    return docker_edits.Edits(visible, list(labels), list(hidden_environment), [])


def roles(grants=(), denials=()):
    """The answer of `aws-roles`. Without arguments, nothing is granted."""
    return aws.Answer(list(grants), list(denials), [])


def grant(
    account: str,
    role: str,
    reason: str,
    *,
    duration_seconds=None,
    session_name=None,
    source_identity=None,
    tags=(),
    session_policy=None,
    external_id=None,
):
    """One role in one account, for `roles`."""
    return aws.Grant(
        account, role, reason, duration_seconds, session_name, source_identity, list(tags), session_policy, external_id, []
    )


def guarded(function):
    """Decorates `configure` and every hook: what is raised is logged, and becomes an error with its text."""

    @functools.wraps(function)
    def call(*arguments):
        try:
            return function(*arguments)
        except Err:
            raise
        except BaseException as fault:
            text = f"{type(fault).__name__}: {fault}"
            log.log(log.Level.ERROR, text + "".join(places(fault.__traceback__)))
            raise Err(text) from None

    return call


def places(frames):
    """Where it was raised. The module `traceback` would look for source files, and there are no files here."""
    while frames is not None:
        code = frames.tb_frame.f_code
        yield f"\n  {code.co_filename}:{frames.tb_lineno} in {code.co_name}"
        frames = frames.tb_next


def read_settings(text: str, fields: dict) -> dict:
    """Reads settings. `fields` gives each key its check: a function that returns the value or raises ValueError.

    A missing key, a wrong value and an unknown key are errors that name the key.
    """
    settings = json.loads(text)
    if not isinstance(settings, dict):
        raise Err("an object is wanted")
    unknown = sorted(settings.keys() - fields.keys())
    if unknown:
        raise Err("unknown key: " + ", ".join(f"`{key}`" for key in unknown))
    read = {}
    for key, check in fields.items():
        if key not in settings:
            raise Err(f"missing field `{key}`")
        try:
            read[key] = check(settings[key])
        except ValueError as fault:
            raise Err(f"`{key}`: {fault}") from None
    return read


def strings(value) -> list:
    """A check for `read_settings`: a list of strings."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of strings is wanted")
    return value
