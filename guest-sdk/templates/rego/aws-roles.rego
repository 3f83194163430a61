package portcullis.aws_roles

grants contains {"account": account, "role": "ReadOnly", "reason": "every user may read"} if {
	input.principal.name
	some account in data.read_only_accounts
}
