// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.

package docker

import (
	"portcullis/policy"
)

// An image reference, taken apart as Docker does it.
type Image struct {
	// As it stood in the request.
	AsSent string `json:"as_sent"`

	// The registry's host, and port where one was given: `docker.io` where the reference has none.
	Domain string `json:"domain"`

	// The repository's path: `library/busybox` for `busybox`.
	Path string `json:"path"`

	// As sent; absent where there is neither tag nor digest means `latest`.
	Tag *string `json:"tag"`

	// e.g. `sha256:...`
	Digest *string `json:"digest"`
}

// Something that the request reads, changes or makes.
type Target struct {
	// `container`, `image`, `volume`, `network`, `exec`, `service`, `task`, `node`, `swarm`, `secret`,
	// `config`, `plugin`, `distribution`, `session`, `build`, `daemon`.
	Kind string `json:"kind"`

	// The name, id or reference in the request, percent-decoded; empty where the daemon will choose one.
	AsSent string `json:"as_sent"`

	// The name and the full id that `as-sent` stands for, where the host has looked them up.
	Name *string `json:"name"`

	ID *string `json:"id"`

	Labels policy.Pairs `json:"labels"`

	// For `image`: the reference taken apart.
	Image *Image `json:"image"`
}

// One mount, in whichever of Docker's ways it was said.
type Mount struct {
	// `bind`, `volume`, `tmpfs`, `npipe`, `cluster`, `image`, or `container` for the mounts of another
	// container.
	Kind string `json:"kind"`

	// Where it stood: `binds`, `mounts`, `volumes`, `volumes-from`, `tmpfs`, `volume-create`.
	Origin string `json:"origin"`

	// As sent: the whole entry of `Binds` or `VolumesFrom`, else the source.
	AsSent string `json:"as_sent"`

	// The path cleaned as dockerd cleans it (`bind`), the volume's name, the container or the image.
	Source *string `json:"source"`

	// The path in the container.
	Target *string `json:"target"`

	ReadOnly bool `json:"read_only"`

	// e.g. `rprivate`, `rshared`
	Propagation *string `json:"propagation"`

	// The volume driver, where one was named.
	Driver *string `json:"driver"`

	DriverOptions policy.Pairs `json:"driver_options"`

	// The path of the daemon's host that becomes reachable: a bind's source, or the `device` of a volume of
	// the `local` driver. Cleaned; symbolic links are not followed. Absent where nothing of the host is named.
	HostPath *string `json:"host_path"`

	Extra policy.Pairs `json:"extra"`
}

// A path of the daemon's host that the request names elsewhere than in a mount.
type HostPath struct {
	// Cleaned where it is absolute; symbolic links are not followed. As sent where it is not.
	Path string `json:"path"`

	// What it was named for: `checkpoint-directory`, `checkpoint-name`, `log-option`, `cgroup-parent`, `device`,
	// `runtime`, `annotation`, `volume-option`, `network-option`, `plugin-privilege`, `plugin-setting`.
	Why string `json:"why"`

	// `read`; or `write` where dockerd or what it starts may change, delete, connect to or execute what is there.
	Access string `json:"access"`
}

// One namespace that is not the container's own, or was named in the request.
type Namespace struct {
	// `network`, `pid`, `ipc`, `uts`, `user`, `cgroup`.
	Kind string `json:"kind"`

	// As sent, up to a first colon: `host`, `container`, `private`, `none`, `shareable`, a network's name.
	Mode string `json:"mode"`

	// The container that is joined, where the mode is `container`.
	Container *string `json:"container"`
}

// A device of the host that is handed in.
type Device struct {
	PathOnHost string `json:"path_on_host"`

	PathInContainer string `json:"path_in_container"`

	// Of `r`, `w`, `m`.
	Permissions string `json:"permissions"`
}

// Devices asked for through a driver: GPUs, CDI.
type DeviceRequest struct {
	Driver string `json:"driver"`

	// -1 means all.
	Count int32 `json:"count"`

	DeviceIDs []string `json:"device_ids"`

	// Each inner list is one alternative.
	Capabilities [][]string `json:"capabilities"`
}

// One entry of `SecurityOpt`, taken apart at the first `=` (or `:` in its old spelling).
type SecurityOption struct {
	// e.g. `seccomp`, `apparmor`, `label`, `no-new-privileges`
	Name string `json:"name"`

	Value *string `json:"value"`
}

// A port of the container that is published on the host.
type Port struct {
	ContainerPort uint16 `json:"container_port"`

	// `tcp`, `udp`, `sctp`.
	Protocol string `json:"protocol"`

	HostIP *string `json:"host_ip"`

	// As sent: a port, a range, or absent where the daemon will choose.
	HostPort *string `json:"host_port"`
}

// What is to be run: container create and update, exec, build, a service's task.
type Workload struct {
	Image *Image `json:"image"`

	Command []string `json:"command"`

	Entrypoint []string `json:"entrypoint"`

	// `NAME=value`, as sent.
	Environment []string `json:"environment"`

	// As sent; absent means the image's own, which is usually root.
	User *string `json:"user"`

	GroupsAdded []string `json:"groups_added"`

	Privileged bool `json:"privileged"`

	Mounts []Mount `json:"mounts"`

	// Upper case with `CAP_`, as dockerd normalises them; `ALL` stays `ALL`.
	CapabilitiesAdded []string `json:"capabilities_added"`

	CapabilitiesDropped []string `json:"capabilities_dropped"`

	Namespaces []Namespace `json:"namespaces"`

	Devices []Device `json:"devices"`

	DeviceCgroupRules []string `json:"device_cgroup_rules"`

	DeviceRequests []DeviceRequest `json:"device_requests"`

	SecurityOptions []SecurityOption `json:"security_options"`

	// Present where the request overrides what Docker hides in `/proc` and `/sys`; an empty list hides
	// nothing.
	MaskedPaths *[]string `json:"masked_paths"`

	ReadonlyPaths *[]string `json:"readonly_paths"`

	Published []Port `json:"published"`

	PublishAll bool `json:"publish_all"`

	// Every network that it will be attached to, as named in the request.
	Networks []string `json:"networks"`

	ExtraHosts []string `json:"extra_hosts"`

	Labels policy.Pairs `json:"labels"`

	Annotations policy.Pairs `json:"annotations"`

	Sysctls policy.Pairs `json:"sysctls"`

	Runtime *string `json:"runtime"`

	CgroupParent *string `json:"cgroup_parent"`

	// `no`, `always`, `on-failure`, `unless-stopped`.
	Restart *string `json:"restart"`

	LogDriver *string `json:"log_driver"`

	LogOptions policy.Pairs `json:"log_options"`

	// Bytes; absent means no limit.
	MemoryLimit *uint64 `json:"memory_limit"`

	ReadOnlyRoot bool `json:"read_only_root"`

	Extra policy.Pairs `json:"extra"`
}

// The request's body.
type Body struct {
	Kind BodyKind

	// Of the kinds that have one.
	Text string
}

// BodyKind says which Body it is.
type BodyKind uint8

const (
	BodyAbsent BodyKind = iota
	// One JSON value in canonical form: Docker's own spelling of every key, no key twice, no white space.
	BodyJSON
	// There is one, but the daemon did not show it. Says why: `not-json` (an archive, or a response that is not one
	// JSON value), `credentials`, `hijacked` (the connection becomes a stream). Where any other body could be
	// obeyed unseen, the host refuses the request.
	BodyUnseen
)

// A call to the Docker Engine API, before the daemon carries it out.
type Request struct {
	Context policy.Context `json:"context"`

	// Which daemon is asked: a label from the host's configuration.
	Daemon string `json:"daemon"`

	Principal policy.Principal `json:"principal"`

	// Docker's own operationId, e.g. `ContainerCreate`; absent where dockerd has no such route.
	Operation *string `json:"operation"`

	// As sent; dockerd compares it case by case.
	Method string `json:"method"`

	// As sent: with version, escapes and query.
	URI string `json:"uri"`

	// The path that dockerd routes, percent-decoded, without the version.
	Path []string `json:"path"`

	// Major and minor, where the URI has a version.
	APIVersion *[2]uint32 `json:"api_version"`

	// As the daemon reads it, in order; where a key stands twice, the first counts, unless Docker reads a list.
	Query policy.Pairs `json:"query"`

	// As the daemon shows them: of a repeated one the last, and never those that carry credentials.
	Headers policy.Pairs `json:"headers"`

	// In the order in which Docker's documentation names them: for a tag the source, then the new name.
	Targets []Target `json:"targets"`

	Body Body `json:"body"`

	// What was unusual about the spelling: `absolute-form`, `percent-encoded-path`, `encoded-slash`, `odd-version`,
	// `repeated-query-key`, `top-level-host-config`; and `unshown-form`: the daemon could take parameters from a
	// form that it does not show (`ImageBuild`, and `ImageCreate` of an archive).
	Anomalies []string `json:"anomalies"`

	// What is to be run, where the operation runs something or changes how it runs.
	Workload *Workload `json:"workload"`

	// What `VolumeCreate` makes.
	Volume *Mount `json:"volume"`

	// Paths of the daemon's host that stand in neither `workload.mounts` nor `volume`.
	HostPaths []HostPath `json:"host_paths"`

	Extra policy.Pairs `json:"extra"`
}

// The daemon's answer, before the client sees it. What it did is done.
type Response struct {
	Request Request `json:"request"`

	// Absent where the daemon had not set one when it asked.
	Status *uint16 `json:"status"`

	Headers policy.Pairs `json:"headers"`

	Body Body `json:"body"`

	Extra policy.Pairs `json:"extra"`
}
