func dockerEdit(request *docker.Request) (docker.Edits, error) {
	var edits docker.Edits
	if name := request.Principal.Name; name != nil {
		for _, label := range settings.OwnerLabels {
			edits.Labels = append(edits.Labels, policy.Pair{label, *name})
		}
	}
	return edits, nil
}
