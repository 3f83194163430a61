func dockerResponse(response *docker.Response) (policy.Opinion, error) {
	operation := response.Request.Operation
	if operation != nil && slices.Contains(settings.WithheldOperations, *operation) {
		return policy.Denyf("withheld", "the response of `%s` is withheld", *operation), nil
	}
	return policy.Abstain(), nil
}
