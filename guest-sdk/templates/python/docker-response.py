class DockerResponse(exports.DockerResponse):
    @guarded
    def authorize(self, response):
        operation = response.request.operation
        if operation in settings["withheld_operations"]:
            return deny("withheld", f"the response of `{operation}` is withheld")
        return abstain()
