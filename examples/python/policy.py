"""No privileged containers, and images from allowed registries only."""

from portcullis import abstain, deny, guarded, read_settings, strings
from wit_world import exports

settings = None


class Lifecycle(exports.Lifecycle):
    @guarded
    def configure(self, text):
        global settings
        settings = read_settings(text, {"allowed_registries": strings})


class DockerRequest(exports.DockerRequest):
    @guarded
    def authorize(self, request):
        if settings is None:
            return deny("unconfigured", "the policy was asked before it had its settings")
        workload = request.workload
        if workload is None:
            return abstain()
        if workload.privileged:
            return deny("privileged", "leave out `--privileged`")
        registries = settings["allowed_registries"]
        if workload.image is not None and workload.image.domain not in registries:
            allowed = ", ".join(f"`{registry}`" for registry in registries)
            return deny("registry", f"no images from `{workload.image.domain}`: allowed are {allowed}")
        return abstain()
