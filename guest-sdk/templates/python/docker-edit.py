class DockerEdit(exports.DockerEdit):
    @guarded
    def edit(self, request):
        name = request.principal.name
        if name is None:
            return edits()
        return edits(labels=[(label, name) for label in settings["owner_labels"]])
