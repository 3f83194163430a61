class SecretAccess(exports.SecretAccess):
    @guarded
    def authorize(self, access):
        deletes = access.operation in ("secret-delete", "container-delete")
        if deletes and not any(role in settings["deleting_roles"] for role in access.principal.roles):
            return deny("deletion", "deleting needs another role")
        return abstain()
