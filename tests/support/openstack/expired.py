"""Prints a token of the user USER for the project PROJECT that expired an hour ago.

    python expired.py KEYSTONE.CONF USER PROJECT
"""

import datetime
import sys

import keystone.conf
from keystone.common import utils
from keystone.token import provider, token_formatters

config, user, project = sys.argv[1:]
keystone.conf.configure()
keystone.conf.CONF([], project="keystone", default_config_files=[config])
expired = utils.isotime(datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
                        - datetime.timedelta(hours=1), subsecond=True)
print(token_formatters.TokenFormatter().create_token(
    user, expired, [provider.random_urlsafe_str()], token_formatters.ProjectScopedPayload,
    methods=["password"], project_id=project))
