class DockerRequest(exports.DockerRequest):
    @guarded
    def authorize(self, request):
        workload = request.workload
        if workload is None:
            return abstain()
        if workload.privileged:
            return deny("privileged", "leave out `--privileged`")
        image = workload.image
        if image is not None and image.domain not in settings["allowed_registries"]:
            return deny("registry", f"no images from `{image.domain}`")
        return abstain()
