class AwsRoles(exports.AwsRoles):
    @guarded
    def grants(self, request):
        if request.principal.name is None:
            return roles()
        accounts = settings["read_only_accounts"]
        return roles(grant(account, "ReadOnly", "every user may read") for account in accounts)
