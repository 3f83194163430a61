package portcullis.docker_edit

labels[label] := input.principal.name if {
	some label in data.owner_labels
}
