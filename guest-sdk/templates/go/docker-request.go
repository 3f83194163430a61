func dockerRequest(request *docker.Request) (policy.Opinion, error) {
	workload := request.Workload
	if workload == nil {
		return policy.Abstain(), nil
	}
	if workload.Privileged {
		return policy.Deny("privileged", "leave out `--privileged`"), nil
	}
	if image := workload.Image; image != nil && !slices.Contains(settings.AllowedRegistries, image.Domain) {
		return policy.Denyf("registry", "no images from `%s`", image.Domain), nil
	}
	return policy.Abstain(), nil
}
