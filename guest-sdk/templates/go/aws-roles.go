func awsRoles(request *aws.Request) (aws.Answer, error) {
	var answer aws.Answer
	if request.Principal.Name == nil {
		return answer, nil
	}
	for _, account := range settings.ReadOnlyAccounts {
		grant := aws.Grant{Account: account, Role: "ReadOnly", Reason: "every user may read"}
		answer.Grants = append(answer.Grants, grant)
	}
	return answer, nil
}
