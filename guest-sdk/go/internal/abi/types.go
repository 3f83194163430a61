// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.

//go:build wasip1

// Package abi reads and writes the types of the interfaces in memory.
package abi

import (
	"unsafe"

	"portcullis/policy"
	"portcullis/policy/aws"
	"portcullis/policy/docker"
	"portcullis/policy/internal/memory"
	"portcullis/policy/secrets"
)

// LiftAwsRequest reads the record.
func LiftAwsRequest(p unsafe.Pointer) (v aws.Request) {
	v.Context = LiftPolicyContext(p)
	v.Principal = LiftPolicyPrincipal(unsafe.Add(p, 40))
	v.Mount = memory.String(unsafe.Add(p, 172))
	v.Purpose = memory.String(unsafe.Add(p, 180))
	v.Account = memory.Option(unsafe.Add(p, 188), 4, memory.String)
	v.Role = memory.Option(unsafe.Add(p, 200), 4, memory.String)
	v.CallbackUrl = memory.Option(unsafe.Add(p, 212), 4, memory.String)
	v.Extra = memory.List(unsafe.Add(p, 224), 16, liftPair)
	return v
}

// LowerAwsRequest writes the record.
func LowerAwsRequest(p unsafe.Pointer, v aws.Request) {
	LowerPolicyContext(p, v.Context)
	LowerPolicyPrincipal(unsafe.Add(p, 40), v.Principal)
	memory.StoreString(unsafe.Add(p, 172), v.Mount)
	memory.StoreString(unsafe.Add(p, 180), v.Purpose)
	memory.StoreOption(unsafe.Add(p, 188), 4, v.Account, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 200), 4, v.Role, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 212), 4, v.CallbackUrl, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 224), 16, v.Extra, lowerPair)
}

// LiftAwsGrant reads the record.
func LiftAwsGrant(p unsafe.Pointer) (v aws.Grant) {
	v.Account = memory.String(p)
	v.Role = memory.String(unsafe.Add(p, 8))
	v.Reason = memory.String(unsafe.Add(p, 16))
	v.DurationSeconds = memory.Option(unsafe.Add(p, 24), 4, memory.Load[uint32])
	v.SessionName = memory.Option(unsafe.Add(p, 32), 4, memory.String)
	v.SourceIdentity = memory.Option(unsafe.Add(p, 44), 4, memory.String)
	v.Tags = memory.List(unsafe.Add(p, 56), 16, liftPair)
	v.SessionPolicy = memory.Option(unsafe.Add(p, 64), 4, memory.String)
	v.ExternalID = memory.Option(unsafe.Add(p, 76), 4, memory.String)
	v.Extra = memory.List(unsafe.Add(p, 88), 16, liftPair)
	return v
}

// LowerAwsGrant writes the record.
func LowerAwsGrant(p unsafe.Pointer, v aws.Grant) {
	memory.StoreString(p, v.Account)
	memory.StoreString(unsafe.Add(p, 8), v.Role)
	memory.StoreString(unsafe.Add(p, 16), v.Reason)
	memory.StoreOption(unsafe.Add(p, 24), 4, v.DurationSeconds, memory.Store[uint32])
	memory.StoreOption(unsafe.Add(p, 32), 4, v.SessionName, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 44), 4, v.SourceIdentity, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 56), 16, v.Tags, lowerPair)
	memory.StoreOption(unsafe.Add(p, 64), 4, v.SessionPolicy, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 76), 4, v.ExternalID, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 88), 16, v.Extra, lowerPair)
}

// LiftAwsDenial reads the record.
func LiftAwsDenial(p unsafe.Pointer) (v aws.Denial) {
	v.Account = memory.Option(p, 4, memory.String)
	v.Role = memory.Option(unsafe.Add(p, 12), 4, memory.String)
	v.Reason = memory.String(unsafe.Add(p, 24))
	v.Rule = memory.String(unsafe.Add(p, 32))
	v.Extra = memory.List(unsafe.Add(p, 40), 16, liftPair)
	return v
}

// LowerAwsDenial writes the record.
func LowerAwsDenial(p unsafe.Pointer, v aws.Denial) {
	memory.StoreOption(p, 4, v.Account, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 12), 4, v.Role, memory.StoreString)
	memory.StoreString(unsafe.Add(p, 24), v.Reason)
	memory.StoreString(unsafe.Add(p, 32), v.Rule)
	memory.StoreList(unsafe.Add(p, 40), 16, v.Extra, lowerPair)
}

// LiftAwsAnswer reads the record.
func LiftAwsAnswer(p unsafe.Pointer) (v aws.Answer) {
	v.Grants = memory.List(p, 96, LiftAwsGrant)
	v.Denials = memory.List(unsafe.Add(p, 8), 48, LiftAwsDenial)
	v.Extra = memory.List(unsafe.Add(p, 16), 16, liftPair)
	return v
}

// LowerAwsAnswer writes the record.
func LowerAwsAnswer(p unsafe.Pointer, v aws.Answer) {
	memory.StoreList(p, 96, v.Grants, LowerAwsGrant)
	memory.StoreList(unsafe.Add(p, 8), 48, v.Denials, LowerAwsDenial)
	memory.StoreList(unsafe.Add(p, 16), 16, v.Extra, lowerPair)
}

// LiftDockerImage reads the record.
func LiftDockerImage(p unsafe.Pointer) (v docker.Image) {
	v.AsSent = memory.String(p)
	v.Domain = memory.String(unsafe.Add(p, 8))
	v.Path = memory.String(unsafe.Add(p, 16))
	v.Tag = memory.Option(unsafe.Add(p, 24), 4, memory.String)
	v.Digest = memory.Option(unsafe.Add(p, 36), 4, memory.String)
	return v
}

// LowerDockerImage writes the record.
func LowerDockerImage(p unsafe.Pointer, v docker.Image) {
	memory.StoreString(p, v.AsSent)
	memory.StoreString(unsafe.Add(p, 8), v.Domain)
	memory.StoreString(unsafe.Add(p, 16), v.Path)
	memory.StoreOption(unsafe.Add(p, 24), 4, v.Tag, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 36), 4, v.Digest, memory.StoreString)
}

// LiftDockerTarget reads the record.
func LiftDockerTarget(p unsafe.Pointer) (v docker.Target) {
	v.Kind = memory.String(p)
	v.AsSent = memory.String(unsafe.Add(p, 8))
	v.Name = memory.Option(unsafe.Add(p, 16), 4, memory.String)
	v.ID = memory.Option(unsafe.Add(p, 28), 4, memory.String)
	v.Labels = memory.List(unsafe.Add(p, 40), 16, liftPair)
	v.Image = memory.Option(unsafe.Add(p, 48), 4, LiftDockerImage)
	return v
}

// LowerDockerTarget writes the record.
func LowerDockerTarget(p unsafe.Pointer, v docker.Target) {
	memory.StoreString(p, v.Kind)
	memory.StoreString(unsafe.Add(p, 8), v.AsSent)
	memory.StoreOption(unsafe.Add(p, 16), 4, v.Name, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 28), 4, v.ID, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 40), 16, v.Labels, lowerPair)
	memory.StoreOption(unsafe.Add(p, 48), 4, v.Image, LowerDockerImage)
}

// LiftDockerMount reads the record.
func LiftDockerMount(p unsafe.Pointer) (v docker.Mount) {
	v.Kind = memory.String(p)
	v.Origin = memory.String(unsafe.Add(p, 8))
	v.AsSent = memory.String(unsafe.Add(p, 16))
	v.Source = memory.Option(unsafe.Add(p, 24), 4, memory.String)
	v.Target = memory.Option(unsafe.Add(p, 36), 4, memory.String)
	v.ReadOnly = memory.Load[bool](unsafe.Add(p, 48))
	v.Propagation = memory.Option(unsafe.Add(p, 52), 4, memory.String)
	v.Driver = memory.Option(unsafe.Add(p, 64), 4, memory.String)
	v.DriverOptions = memory.List(unsafe.Add(p, 76), 16, liftPair)
	v.HostPath = memory.Option(unsafe.Add(p, 84), 4, memory.String)
	v.Extra = memory.List(unsafe.Add(p, 96), 16, liftPair)
	return v
}

// LowerDockerMount writes the record.
func LowerDockerMount(p unsafe.Pointer, v docker.Mount) {
	memory.StoreString(p, v.Kind)
	memory.StoreString(unsafe.Add(p, 8), v.Origin)
	memory.StoreString(unsafe.Add(p, 16), v.AsSent)
	memory.StoreOption(unsafe.Add(p, 24), 4, v.Source, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 36), 4, v.Target, memory.StoreString)
	memory.Store[bool](unsafe.Add(p, 48), v.ReadOnly)
	memory.StoreOption(unsafe.Add(p, 52), 4, v.Propagation, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 64), 4, v.Driver, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 76), 16, v.DriverOptions, lowerPair)
	memory.StoreOption(unsafe.Add(p, 84), 4, v.HostPath, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 96), 16, v.Extra, lowerPair)
}

// LiftDockerHostPath reads the record.
func LiftDockerHostPath(p unsafe.Pointer) (v docker.HostPath) {
	v.Path = memory.String(p)
	v.Why = memory.String(unsafe.Add(p, 8))
	v.Access = memory.String(unsafe.Add(p, 16))
	return v
}

// LowerDockerHostPath writes the record.
func LowerDockerHostPath(p unsafe.Pointer, v docker.HostPath) {
	memory.StoreString(p, v.Path)
	memory.StoreString(unsafe.Add(p, 8), v.Why)
	memory.StoreString(unsafe.Add(p, 16), v.Access)
}

// LiftDockerNamespace reads the record.
func LiftDockerNamespace(p unsafe.Pointer) (v docker.Namespace) {
	v.Kind = memory.String(p)
	v.Mode = memory.String(unsafe.Add(p, 8))
	v.Container = memory.Option(unsafe.Add(p, 16), 4, memory.String)
	return v
}

// LowerDockerNamespace writes the record.
func LowerDockerNamespace(p unsafe.Pointer, v docker.Namespace) {
	memory.StoreString(p, v.Kind)
	memory.StoreString(unsafe.Add(p, 8), v.Mode)
	memory.StoreOption(unsafe.Add(p, 16), 4, v.Container, memory.StoreString)
}

// LiftDockerDevice reads the record.
func LiftDockerDevice(p unsafe.Pointer) (v docker.Device) {
	v.PathOnHost = memory.String(p)
	v.PathInContainer = memory.String(unsafe.Add(p, 8))
	v.Permissions = memory.String(unsafe.Add(p, 16))
	return v
}

// LowerDockerDevice writes the record.
func LowerDockerDevice(p unsafe.Pointer, v docker.Device) {
	memory.StoreString(p, v.PathOnHost)
	memory.StoreString(unsafe.Add(p, 8), v.PathInContainer)
	memory.StoreString(unsafe.Add(p, 16), v.Permissions)
}

// LiftDockerDeviceRequest reads the record.
func LiftDockerDeviceRequest(p unsafe.Pointer) (v docker.DeviceRequest) {
	v.Driver = memory.String(p)
	v.Count = memory.Load[int32](unsafe.Add(p, 8))
	v.DeviceIDs = memory.List(unsafe.Add(p, 12), 8, memory.String)
	v.Capabilities = memory.List(unsafe.Add(p, 20), 8, func(p unsafe.Pointer) []string { return memory.List(p, 8, memory.String) })
	return v
}

// LowerDockerDeviceRequest writes the record.
func LowerDockerDeviceRequest(p unsafe.Pointer, v docker.DeviceRequest) {
	memory.StoreString(p, v.Driver)
	memory.Store[int32](unsafe.Add(p, 8), v.Count)
	memory.StoreList(unsafe.Add(p, 12), 8, v.DeviceIDs, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 20), 8, v.Capabilities, func(p unsafe.Pointer, v []string) { memory.StoreList(p, 8, v, memory.StoreString) })
}

// LiftDockerSecurityOption reads the record.
func LiftDockerSecurityOption(p unsafe.Pointer) (v docker.SecurityOption) {
	v.Name = memory.String(p)
	v.Value = memory.Option(unsafe.Add(p, 8), 4, memory.String)
	return v
}

// LowerDockerSecurityOption writes the record.
func LowerDockerSecurityOption(p unsafe.Pointer, v docker.SecurityOption) {
	memory.StoreString(p, v.Name)
	memory.StoreOption(unsafe.Add(p, 8), 4, v.Value, memory.StoreString)
}

// LiftDockerPort reads the record.
func LiftDockerPort(p unsafe.Pointer) (v docker.Port) {
	v.ContainerPort = memory.Load[uint16](p)
	v.Protocol = memory.String(unsafe.Add(p, 4))
	v.HostIP = memory.Option(unsafe.Add(p, 12), 4, memory.String)
	v.HostPort = memory.Option(unsafe.Add(p, 24), 4, memory.String)
	return v
}

// LowerDockerPort writes the record.
func LowerDockerPort(p unsafe.Pointer, v docker.Port) {
	memory.Store[uint16](p, v.ContainerPort)
	memory.StoreString(unsafe.Add(p, 4), v.Protocol)
	memory.StoreOption(unsafe.Add(p, 12), 4, v.HostIP, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 24), 4, v.HostPort, memory.StoreString)
}

// LiftDockerWorkload reads the record.
func LiftDockerWorkload(p unsafe.Pointer) (v docker.Workload) {
	v.Image = memory.Option(p, 4, LiftDockerImage)
	v.Command = memory.List(unsafe.Add(p, 52), 8, memory.String)
	v.Entrypoint = memory.List(unsafe.Add(p, 60), 8, memory.String)
	v.Environment = memory.List(unsafe.Add(p, 68), 8, memory.String)
	v.User = memory.Option(unsafe.Add(p, 76), 4, memory.String)
	v.GroupsAdded = memory.List(unsafe.Add(p, 88), 8, memory.String)
	v.Privileged = memory.Load[bool](unsafe.Add(p, 96))
	v.Mounts = memory.List(unsafe.Add(p, 100), 104, LiftDockerMount)
	v.CapabilitiesAdded = memory.List(unsafe.Add(p, 108), 8, memory.String)
	v.CapabilitiesDropped = memory.List(unsafe.Add(p, 116), 8, memory.String)
	v.Namespaces = memory.List(unsafe.Add(p, 124), 28, LiftDockerNamespace)
	v.Devices = memory.List(unsafe.Add(p, 132), 24, LiftDockerDevice)
	v.DeviceCgroupRules = memory.List(unsafe.Add(p, 140), 8, memory.String)
	v.DeviceRequests = memory.List(unsafe.Add(p, 148), 28, LiftDockerDeviceRequest)
	v.SecurityOptions = memory.List(unsafe.Add(p, 156), 20, LiftDockerSecurityOption)
	v.MaskedPaths = memory.Option(unsafe.Add(p, 164), 4, func(p unsafe.Pointer) []string { return memory.List(p, 8, memory.String) })
	v.ReadonlyPaths = memory.Option(unsafe.Add(p, 176), 4, func(p unsafe.Pointer) []string { return memory.List(p, 8, memory.String) })
	v.Published = memory.List(unsafe.Add(p, 188), 36, LiftDockerPort)
	v.PublishAll = memory.Load[bool](unsafe.Add(p, 196))
	v.Networks = memory.List(unsafe.Add(p, 200), 8, memory.String)
	v.ExtraHosts = memory.List(unsafe.Add(p, 208), 8, memory.String)
	v.Labels = memory.List(unsafe.Add(p, 216), 16, liftPair)
	v.Annotations = memory.List(unsafe.Add(p, 224), 16, liftPair)
	v.Sysctls = memory.List(unsafe.Add(p, 232), 16, liftPair)
	v.Runtime = memory.Option(unsafe.Add(p, 240), 4, memory.String)
	v.CgroupParent = memory.Option(unsafe.Add(p, 252), 4, memory.String)
	v.Restart = memory.Option(unsafe.Add(p, 264), 4, memory.String)
	v.LogDriver = memory.Option(unsafe.Add(p, 276), 4, memory.String)
	v.LogOptions = memory.List(unsafe.Add(p, 288), 16, liftPair)
	v.MemoryLimit = memory.Option(unsafe.Add(p, 296), 8, memory.Load[uint64])
	v.ReadOnlyRoot = memory.Load[bool](unsafe.Add(p, 312))
	v.Extra = memory.List(unsafe.Add(p, 316), 16, liftPair)
	return v
}

// LowerDockerWorkload writes the record.
func LowerDockerWorkload(p unsafe.Pointer, v docker.Workload) {
	memory.StoreOption(p, 4, v.Image, LowerDockerImage)
	memory.StoreList(unsafe.Add(p, 52), 8, v.Command, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 60), 8, v.Entrypoint, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 68), 8, v.Environment, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 76), 4, v.User, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 88), 8, v.GroupsAdded, memory.StoreString)
	memory.Store[bool](unsafe.Add(p, 96), v.Privileged)
	memory.StoreList(unsafe.Add(p, 100), 104, v.Mounts, LowerDockerMount)
	memory.StoreList(unsafe.Add(p, 108), 8, v.CapabilitiesAdded, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 116), 8, v.CapabilitiesDropped, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 124), 28, v.Namespaces, LowerDockerNamespace)
	memory.StoreList(unsafe.Add(p, 132), 24, v.Devices, LowerDockerDevice)
	memory.StoreList(unsafe.Add(p, 140), 8, v.DeviceCgroupRules, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 148), 28, v.DeviceRequests, LowerDockerDeviceRequest)
	memory.StoreList(unsafe.Add(p, 156), 20, v.SecurityOptions, LowerDockerSecurityOption)
	memory.StoreOption(unsafe.Add(p, 164), 4, v.MaskedPaths, func(p unsafe.Pointer, v []string) { memory.StoreList(p, 8, v, memory.StoreString) })
	memory.StoreOption(unsafe.Add(p, 176), 4, v.ReadonlyPaths, func(p unsafe.Pointer, v []string) { memory.StoreList(p, 8, v, memory.StoreString) })
	memory.StoreList(unsafe.Add(p, 188), 36, v.Published, LowerDockerPort)
	memory.Store[bool](unsafe.Add(p, 196), v.PublishAll)
	memory.StoreList(unsafe.Add(p, 200), 8, v.Networks, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 208), 8, v.ExtraHosts, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 216), 16, v.Labels, lowerPair)
	memory.StoreList(unsafe.Add(p, 224), 16, v.Annotations, lowerPair)
	memory.StoreList(unsafe.Add(p, 232), 16, v.Sysctls, lowerPair)
	memory.StoreOption(unsafe.Add(p, 240), 4, v.Runtime, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 252), 4, v.CgroupParent, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 264), 4, v.Restart, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 276), 4, v.LogDriver, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 288), 16, v.LogOptions, lowerPair)
	memory.StoreOption(unsafe.Add(p, 296), 8, v.MemoryLimit, memory.Store[uint64])
	memory.Store[bool](unsafe.Add(p, 312), v.ReadOnlyRoot)
	memory.StoreList(unsafe.Add(p, 316), 16, v.Extra, lowerPair)
}

// LiftDockerBody reads the variant.
func LiftDockerBody(p unsafe.Pointer) (v docker.Body) {
	v.Kind = docker.BodyKind(memory.Load[uint8](p))
	switch v.Kind {
	case docker.BodyJSON, docker.BodyUnseen:
		v.Text = memory.String(unsafe.Add(p, 4))
	}
	return v
}

// LowerDockerBody writes the variant.
func LowerDockerBody(p unsafe.Pointer, v docker.Body) {
	memory.Store(p, uint8(v.Kind))
	memory.StoreString(unsafe.Add(p, 4), v.Text)
}

// LiftDockerRequest reads the record.
func LiftDockerRequest(p unsafe.Pointer) (v docker.Request) {
	v.Context = LiftPolicyContext(p)
	v.Daemon = memory.String(unsafe.Add(p, 40))
	v.Principal = LiftPolicyPrincipal(unsafe.Add(p, 48))
	v.Operation = memory.Option(unsafe.Add(p, 180), 4, memory.String)
	v.Method = memory.String(unsafe.Add(p, 192))
	v.URI = memory.String(unsafe.Add(p, 200))
	v.Path = memory.List(unsafe.Add(p, 208), 8, memory.String)
	v.APIVersion = memory.Option(unsafe.Add(p, 216), 4, memory.Load[[2]uint32])
	v.Query = memory.List(unsafe.Add(p, 228), 16, liftPair)
	v.Headers = memory.List(unsafe.Add(p, 236), 16, liftPair)
	v.Targets = memory.List(unsafe.Add(p, 244), 100, LiftDockerTarget)
	v.Body = LiftDockerBody(unsafe.Add(p, 252))
	v.Anomalies = memory.List(unsafe.Add(p, 264), 8, memory.String)
	v.Workload = memory.Option(unsafe.Add(p, 272), 8, LiftDockerWorkload)
	v.Volume = memory.Option(unsafe.Add(p, 608), 4, LiftDockerMount)
	v.HostPaths = memory.List(unsafe.Add(p, 716), 24, LiftDockerHostPath)
	v.Extra = memory.List(unsafe.Add(p, 724), 16, liftPair)
	return v
}

// LowerDockerRequest writes the record.
func LowerDockerRequest(p unsafe.Pointer, v docker.Request) {
	LowerPolicyContext(p, v.Context)
	memory.StoreString(unsafe.Add(p, 40), v.Daemon)
	LowerPolicyPrincipal(unsafe.Add(p, 48), v.Principal)
	memory.StoreOption(unsafe.Add(p, 180), 4, v.Operation, memory.StoreString)
	memory.StoreString(unsafe.Add(p, 192), v.Method)
	memory.StoreString(unsafe.Add(p, 200), v.URI)
	memory.StoreList(unsafe.Add(p, 208), 8, v.Path, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 216), 4, v.APIVersion, memory.Store[[2]uint32])
	memory.StoreList(unsafe.Add(p, 228), 16, v.Query, lowerPair)
	memory.StoreList(unsafe.Add(p, 236), 16, v.Headers, lowerPair)
	memory.StoreList(unsafe.Add(p, 244), 100, v.Targets, LowerDockerTarget)
	LowerDockerBody(unsafe.Add(p, 252), v.Body)
	memory.StoreList(unsafe.Add(p, 264), 8, v.Anomalies, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 272), 8, v.Workload, LowerDockerWorkload)
	memory.StoreOption(unsafe.Add(p, 608), 4, v.Volume, LowerDockerMount)
	memory.StoreList(unsafe.Add(p, 716), 24, v.HostPaths, LowerDockerHostPath)
	memory.StoreList(unsafe.Add(p, 724), 16, v.Extra, lowerPair)
}

// LiftDockerResponse reads the record.
func LiftDockerResponse(p unsafe.Pointer) (v docker.Response) {
	v.Request = LiftDockerRequest(p)
	v.Status = memory.Option(unsafe.Add(p, 736), 2, memory.Load[uint16])
	v.Headers = memory.List(unsafe.Add(p, 740), 16, liftPair)
	v.Body = LiftDockerBody(unsafe.Add(p, 748))
	v.Extra = memory.List(unsafe.Add(p, 760), 16, liftPair)
	return v
}

// LowerDockerResponse writes the record.
func LowerDockerResponse(p unsafe.Pointer, v docker.Response) {
	LowerDockerRequest(p, v.Request)
	memory.StoreOption(unsafe.Add(p, 736), 2, v.Status, memory.Store[uint16])
	memory.StoreList(unsafe.Add(p, 740), 16, v.Headers, lowerPair)
	LowerDockerBody(unsafe.Add(p, 748), v.Body)
	memory.StoreList(unsafe.Add(p, 760), 16, v.Extra, lowerPair)
}

// LiftDockerVisibility reads the record.
func LiftDockerVisibility(p unsafe.Pointer) (v docker.Visibility) {
	v.Kinds = memory.List(p, 8, memory.String)
	v.Labels = memory.List(unsafe.Add(p, 8), 16, liftPair)
	v.Names = memory.List(unsafe.Add(p, 16), 16, liftPair)
	return v
}

// LowerDockerVisibility writes the record.
func LowerDockerVisibility(p unsafe.Pointer, v docker.Visibility) {
	memory.StoreList(p, 8, v.Kinds, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 8), 16, v.Labels, lowerPair)
	memory.StoreList(unsafe.Add(p, 16), 16, v.Names, lowerPair)
}

// LiftDockerEdits reads the record.
func LiftDockerEdits(p unsafe.Pointer) (v docker.Edits) {
	v.Visible = memory.Option(p, 4, LiftDockerVisibility)
	v.Labels = memory.List(unsafe.Add(p, 28), 16, liftPair)
	v.HiddenEnvironment = memory.List(unsafe.Add(p, 36), 8, memory.String)
	v.Extra = memory.List(unsafe.Add(p, 44), 16, liftPair)
	return v
}

// LowerDockerEdits writes the record.
func LowerDockerEdits(p unsafe.Pointer, v docker.Edits) {
	memory.StoreOption(p, 4, v.Visible, LowerDockerVisibility)
	memory.StoreList(unsafe.Add(p, 28), 16, v.Labels, lowerPair)
	memory.StoreList(unsafe.Add(p, 36), 8, v.HiddenEnvironment, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 44), 16, v.Extra, lowerPair)
}

// LiftSecretsRequester reads the record.
func LiftSecretsRequester(p unsafe.Pointer) (v secrets.Requester) {
	v.User = memory.Option(p, 4, memory.String)
	v.UserName = memory.Option(unsafe.Add(p, 12), 4, memory.String)
	v.UserDomain = memory.Option(unsafe.Add(p, 24), 4, memory.String)
	v.Project = memory.Option(unsafe.Add(p, 36), 4, memory.String)
	v.ProjectName = memory.Option(unsafe.Add(p, 48), 4, memory.String)
	v.ProjectDomain = memory.Option(unsafe.Add(p, 60), 4, memory.String)
	v.Scope = memory.String(unsafe.Add(p, 72))
	v.Roles = memory.List(unsafe.Add(p, 80), 8, memory.String)
	v.Groups = memory.List(unsafe.Add(p, 88), 8, memory.String)
	v.ApplicationCredential = memory.Option(unsafe.Add(p, 96), 4, memory.String)
	v.ServiceRoles = memory.List(unsafe.Add(p, 108), 8, memory.String)
	v.Attributes = memory.List(unsafe.Add(p, 116), 16, liftPair)
	return v
}

// LowerSecretsRequester writes the record.
func LowerSecretsRequester(p unsafe.Pointer, v secrets.Requester) {
	memory.StoreOption(p, 4, v.User, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 12), 4, v.UserName, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 24), 4, v.UserDomain, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 36), 4, v.Project, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 48), 4, v.ProjectName, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 60), 4, v.ProjectDomain, memory.StoreString)
	memory.StoreString(unsafe.Add(p, 72), v.Scope)
	memory.StoreList(unsafe.Add(p, 80), 8, v.Roles, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 88), 8, v.Groups, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 96), 4, v.ApplicationCredential, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 108), 8, v.ServiceRoles, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 116), 16, v.Attributes, lowerPair)
}

// LiftSecretsACL reads the record.
func LiftSecretsACL(p unsafe.Pointer) (v secrets.ACL) {
	v.Users = memory.List(p, 8, memory.String)
	v.ProjectAccess = memory.Load[bool](unsafe.Add(p, 8))
	v.Created = memory.Option(unsafe.Add(p, 16), 8, memory.Load[uint64])
	v.Updated = memory.Option(unsafe.Add(p, 32), 8, memory.Load[uint64])
	v.Extra = memory.List(unsafe.Add(p, 48), 16, liftPair)
	return v
}

// LowerSecretsACL writes the record.
func LowerSecretsACL(p unsafe.Pointer, v secrets.ACL) {
	memory.StoreList(p, 8, v.Users, memory.StoreString)
	memory.Store[bool](unsafe.Add(p, 8), v.ProjectAccess)
	memory.StoreOption(unsafe.Add(p, 16), 8, v.Created, memory.Store[uint64])
	memory.StoreOption(unsafe.Add(p, 32), 8, v.Updated, memory.Store[uint64])
	memory.StoreList(unsafe.Add(p, 48), 16, v.Extra, lowerPair)
}

// LiftSecretsEntity reads the record.
func LiftSecretsEntity(p unsafe.Pointer) (v secrets.Entity) {
	v.Kind = memory.String(p)
	v.ID = memory.String(unsafe.Add(p, 8))
	v.Name = memory.Option(unsafe.Add(p, 16), 4, memory.String)
	v.Project = memory.String(unsafe.Add(p, 28))
	v.Creator = memory.Option(unsafe.Add(p, 36), 4, memory.String)
	v.Subtype = memory.Option(unsafe.Add(p, 48), 4, memory.String)
	v.Extra = memory.List(unsafe.Add(p, 60), 16, liftPair)
	return v
}

// LowerSecretsEntity writes the record.
func LowerSecretsEntity(p unsafe.Pointer, v secrets.Entity) {
	memory.StoreString(p, v.Kind)
	memory.StoreString(unsafe.Add(p, 8), v.ID)
	memory.StoreOption(unsafe.Add(p, 16), 4, v.Name, memory.StoreString)
	memory.StoreString(unsafe.Add(p, 28), v.Project)
	memory.StoreOption(unsafe.Add(p, 36), 4, v.Creator, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 48), 4, v.Subtype, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 60), 16, v.Extra, lowerPair)
}

// LiftSecretsHolder reads the record.
func LiftSecretsHolder(p unsafe.Pointer) (v secrets.Holder) {
	v.Entity = LiftSecretsEntity(p)
	v.ACL = memory.Option(unsafe.Add(p, 72), 8, LiftSecretsACL)
	return v
}

// LowerSecretsHolder writes the record.
func LowerSecretsHolder(p unsafe.Pointer, v secrets.Holder) {
	LowerSecretsEntity(p, v.Entity)
	memory.StoreOption(unsafe.Add(p, 72), 8, v.ACL, LowerSecretsACL)
}

// LiftSecretsAccess reads the record.
func LiftSecretsAccess(p unsafe.Pointer) (v secrets.Access) {
	v.Context = LiftPolicyContext(p)
	v.Operation = memory.String(unsafe.Add(p, 40))
	v.Principal = LiftSecretsRequester(unsafe.Add(p, 48))
	v.Entity = memory.Option(unsafe.Add(p, 172), 4, LiftSecretsEntity)
	v.ACL = memory.Option(unsafe.Add(p, 248), 8, LiftSecretsACL)
	v.Proposed = memory.Option(unsafe.Add(p, 312), 8, LiftSecretsACL)
	v.Holders = memory.List(unsafe.Add(p, 376), 136, LiftSecretsHolder)
	v.Extra = memory.List(unsafe.Add(p, 384), 16, liftPair)
	return v
}

// LowerSecretsAccess writes the record.
func LowerSecretsAccess(p unsafe.Pointer, v secrets.Access) {
	LowerPolicyContext(p, v.Context)
	memory.StoreString(unsafe.Add(p, 40), v.Operation)
	LowerSecretsRequester(unsafe.Add(p, 48), v.Principal)
	memory.StoreOption(unsafe.Add(p, 172), 4, v.Entity, LowerSecretsEntity)
	memory.StoreOption(unsafe.Add(p, 248), 8, v.ACL, LowerSecretsACL)
	memory.StoreOption(unsafe.Add(p, 312), 8, v.Proposed, LowerSecretsACL)
	memory.StoreList(unsafe.Add(p, 376), 136, v.Holders, LowerSecretsHolder)
	memory.StoreList(unsafe.Add(p, 384), 16, v.Extra, lowerPair)
}

// LiftPolicyVerdict reads the value.
func LiftPolicyVerdict(p unsafe.Pointer) policy.Verdict {
	return policy.Verdict(memory.Load[uint8](p) + 1)
}

// LowerPolicyVerdict writes the value; one that is not set is a fault.
func LowerPolicyVerdict(p unsafe.Pointer, v policy.Verdict) {
	if v < 1 || v > 3 {
		panic("the answer has no verdict")
	}
	memory.Store(p, uint8(v)-1)
}

// LiftPolicyOpinion reads the record.
func LiftPolicyOpinion(p unsafe.Pointer) (v policy.Opinion) {
	v.Verdict = LiftPolicyVerdict(p)
	v.Reason = memory.String(unsafe.Add(p, 4))
	v.Rule = memory.String(unsafe.Add(p, 12))
	v.Extra = memory.List(unsafe.Add(p, 20), 16, liftPair)
	return v
}

// LowerPolicyOpinion writes the record.
func LowerPolicyOpinion(p unsafe.Pointer, v policy.Opinion) {
	LowerPolicyVerdict(p, v.Verdict)
	memory.StoreString(unsafe.Add(p, 4), v.Reason)
	memory.StoreString(unsafe.Add(p, 12), v.Rule)
	memory.StoreList(unsafe.Add(p, 20), 16, v.Extra, lowerPair)
}

// LiftPolicyContext reads the record.
func LiftPolicyContext(p unsafe.Pointer) (v policy.Context) {
	v.Now = memory.Load[uint64](p)
	v.Decision = memory.String(unsafe.Add(p, 8))
	v.API = memory.String(unsafe.Add(p, 16))
	v.Peer = memory.Option(unsafe.Add(p, 24), 4, memory.String)
	return v
}

// LowerPolicyContext writes the record.
func LowerPolicyContext(p unsafe.Pointer, v policy.Context) {
	memory.Store[uint64](p, v.Now)
	memory.StoreString(unsafe.Add(p, 8), v.Decision)
	memory.StoreString(unsafe.Add(p, 16), v.API)
	memory.StoreOption(unsafe.Add(p, 24), 4, v.Peer, memory.StoreString)
}

// LiftPolicyCertificate reads the record.
func LiftPolicyCertificate(p unsafe.Pointer) (v policy.Certificate) {
	v.Subject = memory.String(p)
	v.CommonName = memory.Option(unsafe.Add(p, 8), 4, memory.String)
	v.Organizations = memory.List(unsafe.Add(p, 20), 8, memory.String)
	v.OrganizationalUnits = memory.List(unsafe.Add(p, 28), 8, memory.String)
	v.DNSNames = memory.List(unsafe.Add(p, 36), 8, memory.String)
	v.EmailAddresses = memory.List(unsafe.Add(p, 44), 8, memory.String)
	v.IPAddresses = memory.List(unsafe.Add(p, 52), 8, memory.String)
	v.URIs = memory.List(unsafe.Add(p, 60), 8, memory.String)
	v.Issuer = memory.String(unsafe.Add(p, 68))
	v.Serial = memory.String(unsafe.Add(p, 76))
	v.Sha256 = memory.String(unsafe.Add(p, 84))
	return v
}

// LowerPolicyCertificate writes the record.
func LowerPolicyCertificate(p unsafe.Pointer, v policy.Certificate) {
	memory.StoreString(p, v.Subject)
	memory.StoreOption(unsafe.Add(p, 8), 4, v.CommonName, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 20), 8, v.Organizations, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 28), 8, v.OrganizationalUnits, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 36), 8, v.DNSNames, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 44), 8, v.EmailAddresses, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 52), 8, v.IPAddresses, memory.StoreString)
	memory.StoreList(unsafe.Add(p, 60), 8, v.URIs, memory.StoreString)
	memory.StoreString(unsafe.Add(p, 68), v.Issuer)
	memory.StoreString(unsafe.Add(p, 76), v.Serial)
	memory.StoreString(unsafe.Add(p, 84), v.Sha256)
}

// LiftPolicyPrincipal reads the record.
func LiftPolicyPrincipal(p unsafe.Pointer) (v policy.Principal) {
	v.Name = memory.Option(p, 4, memory.String)
	v.Authentication = memory.String(unsafe.Add(p, 12))
	v.Groups = memory.List(unsafe.Add(p, 20), 8, memory.String)
	v.Certificate = memory.Option(unsafe.Add(p, 28), 4, LiftPolicyCertificate)
	v.Attributes = memory.List(unsafe.Add(p, 124), 16, liftPair)
	return v
}

// LowerPolicyPrincipal writes the record.
func LowerPolicyPrincipal(p unsafe.Pointer, v policy.Principal) {
	memory.StoreOption(p, 4, v.Name, memory.StoreString)
	memory.StoreString(unsafe.Add(p, 12), v.Authentication)
	memory.StoreList(unsafe.Add(p, 20), 8, v.Groups, memory.StoreString)
	memory.StoreOption(unsafe.Add(p, 28), 4, v.Certificate, LowerPolicyCertificate)
	memory.StoreList(unsafe.Add(p, 124), 16, v.Attributes, lowerPair)
}
