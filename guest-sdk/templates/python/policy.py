"""The policy `@name@`."""

from portcullis import abstain, deny, edits, grant, guarded, read_settings, roles, strings
from wit_world import exports

settings = None


class Lifecycle(exports.Lifecycle):
    @guarded
    def configure(self, text):
        global settings
        settings = read_settings(text, {@fields@})


@hooks@
