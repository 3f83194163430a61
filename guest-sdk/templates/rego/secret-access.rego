package portcullis.secret_access

deny contains {"rule": "deletion", "reason": "deleting needs another role"} if {
	input.operation in {"secret-delete", "container-delete"}
	every role in input.principal.roles {
		not role in data.deleting_roles
	}
}
