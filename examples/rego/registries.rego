package portcullis.docker_request

deny contains {"rule": "privileged", "reason": "leave out `--privileged`"} if {
	input.workload.privileged
}

deny contains {"rule": "registry", "reason": reason} if {
	not input.workload.privileged
	domain := input.workload.image.domain
	not domain in data.allowed_registries
	allowed := concat(", ", [sprintf("`%s`", [name]) | some name in data.allowed_registries])
	reason := sprintf("no images from `%s`: allowed are %s", [domain, allowed])
}
