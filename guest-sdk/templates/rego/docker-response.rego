package portcullis.docker_response

deny contains {"rule": "withheld", "reason": sprintf("the response of `%s` is withheld", [operation])} if {
	operation := input.request.operation
	operation in data.withheld_operations
}
