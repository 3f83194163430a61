func secretAccess(access *secrets.Access) (policy.Opinion, error) {
	deletes := access.Operation == "secret-delete" || access.Operation == "container-delete"
	may := func(role string) bool { return slices.Contains(settings.DeletingRoles, role) }
	if deletes && !slices.ContainsFunc(access.Principal.Roles, may) {
		return policy.Deny("deletion", "deleting needs another role"), nil
	}
	return policy.Abstain(), nil
}
