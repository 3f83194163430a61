package portcullis.docker_request

deny contains {"rule": "privileged", "reason": "leave out `--privileged`"} if {
	input.workload.privileged
}

deny contains {"rule": "registry", "reason": sprintf("no images from `%s`", [domain])} if {
	not input.workload.privileged
	domain := input.workload.image.domain
	not domain in data.allowed_registries
}
