// No privileged containers, and images from allowed registries only.
package main

import (
	"slices"
	"strings"

	"portcullis/policy"
	"portcullis/policy/docker"
	"portcullis/policy/dockerrequest"
)

var settings struct {
	AllowedRegistries []string `json:"allowed_registries"`
}

func init() {
	policy.Configure(&settings)
	dockerrequest.Handle(authorize)
}

func authorize(request *docker.Request) (policy.Opinion, error) {
	workload := request.Workload
	if workload == nil {
		return policy.Abstain(), nil
	}
	if workload.Privileged {
		return policy.Deny("privileged", "leave out `--privileged`"), nil
	}
	if image := workload.Image; image != nil && !slices.Contains(settings.AllowedRegistries, image.Domain) {
		allowed := "`" + strings.Join(settings.AllowedRegistries, "`, `") + "`"
		return policy.Denyf("registry", "no images from `%s`: allowed are %s", image.Domain, allowed), nil
	}
	return policy.Abstain(), nil
}

func main() {}
