// Generated from wit/ by the tests of host/cli: do not edit.

// Which accounts and roles may this person have? The accounts that exist are in the policy's settings.
export interface AwsRequest {
  context: Context;
  principal: Principal;
  // The mount that was asked, by its prefix.
  mount: string;
  // `list`, `credentials`, `console`, `metadata`.
  purpose: string;
  // Account and role that were asked for; absent when all are listed.
  account: string | null;
  role: string | null;
  callbackUrl: string | null;
  extra: [string, string][];
}

// One role in one account, and how its session is to be.
export interface AwsGrant {
  account: string;
  role: string;
  reason: string;
  durationSeconds: number | null;
  sessionName: string | null;
  sourceIdentity: string | null;
  tags: [string, string][];
  // An IAM policy in JSON that narrows the session.
  sessionPolicy: string | null;
  externalId: string | null;
  extra: [string, string][];
}

// What must not be granted, by any policy.
export interface AwsDenial {
  // Absent means every account.
  account: string | null;
  // Absent means every role.
  role: string | null;
  reason: string;
  rule: string;
  extra: [string, string][];
}

export interface AwsAnswer {
  grants: AwsGrant[];
  denials: AwsDenial[];
  extra: [string, string][];
}

// An image reference, taken apart as Docker does it.
export interface DockerImage {
  // As it stood in the request.
  asSent: string;
  // The registry's host, and port where one was given: `docker.io` where the reference has none.
  domain: string;
  // The repository's path: `library/busybox` for `busybox`.
  path: string;
  // As sent; absent where there is neither tag nor digest means `latest`.
  tag: string | null;
  // e.g. `sha256:...`
  digest: string | null;
}

// Something that the request reads, changes or makes.
export interface DockerTarget {
  // `container`, `image`, `volume`, `network`, `exec`, `service`, `task`, `node`, `swarm`, `secret`,
  // `config`, `plugin`, `distribution`, `session`, `build`, `daemon`.
  kind: string;
  // The name, id or reference in the request, percent-decoded; empty where the daemon will choose one.
  asSent: string;
  // The name and the full id that `as-sent` stands for, where the host has looked them up.
  name: string | null;
  id: string | null;
  labels: [string, string][];
  // For `image`: the reference taken apart.
  image: DockerImage | null;
}

// One mount, in whichever of Docker's ways it was said.
export interface DockerMount {
  // `bind`, `volume`, `tmpfs`, `npipe`, `cluster`, `image`, or `container` for the mounts of another
  // container.
  kind: string;
  // Where it stood: `binds`, `mounts`, `volumes`, `volumes-from`, `tmpfs`, `volume-create`.
  origin: string;
  // As sent: the whole entry of `Binds` or `VolumesFrom`, else the source.
  asSent: string;
  // The path cleaned as dockerd cleans it (`bind`), the volume's name, the container or the image.
  source: string | null;
  // The path in the container.
  target: string | null;
  readOnly: boolean;
  // e.g. `rprivate`, `rshared`
  propagation: string | null;
  // The volume driver, where one was named.
  driver: string | null;
  driverOptions: [string, string][];
  // The path of the daemon's host that becomes reachable: a bind's source, or the `device` of a volume of
  // the `local` driver. Cleaned; symbolic links are not followed. Absent where nothing of the host is named.
  hostPath: string | null;
  extra: [string, string][];
}

// A path of the daemon's host that the request names elsewhere than in a mount.
export interface DockerHostPath {
  // Cleaned where it is absolute; symbolic links are not followed. As sent where it is not.
  path: string;
  // What it was named for: `checkpoint-directory`, `checkpoint-name`, `log-option`, `cgroup-parent`, `device`,
  // `runtime`, `annotation`, `volume-option`, `network-option`, `plugin-privilege`, `plugin-setting`.
  why: string;
  // `read`; or `write` where dockerd or what it starts may change, delete, connect to or execute what is there.
  access: string;
}

// One namespace that is not the container's own, or was named in the request.
export interface DockerNamespace {
  // `network`, `pid`, `ipc`, `uts`, `user`, `cgroup`.
  kind: string;
  // As sent, up to a first colon: `host`, `container`, `private`, `none`, `shareable`, a network's name.
  mode: string;
  // The container that is joined, where the mode is `container`.
  container: string | null;
}

// A device of the host that is handed in.
export interface DockerDevice {
  pathOnHost: string;
  pathInContainer: string;
  // Of `r`, `w`, `m`.
  permissions: string;
}

// Devices asked for through a driver: GPUs, CDI.
export interface DockerDeviceRequest {
  driver: string;
  // -1 means all.
  count: number;
  deviceIds: string[];
  // Each inner list is one alternative.
  capabilities: string[][];
}

// One entry of `SecurityOpt`, taken apart at the first `=` (or `:` in its old spelling).
export interface DockerSecurityOption {
  // e.g. `seccomp`, `apparmor`, `label`, `no-new-privileges`
  name: string;
  value: string | null;
}

// A port of the container that is published on the host.
export interface DockerPort {
  containerPort: number;
  // `tcp`, `udp`, `sctp`.
  protocol: string;
  hostIp: string | null;
  // As sent: a port, a range, or absent where the daemon will choose.
  hostPort: string | null;
}

// What is to be run: container create and update, exec, build, a service's task.
export interface DockerWorkload {
  image: DockerImage | null;
  command: string[];
  entrypoint: string[];
  // `NAME=value`, as sent.
  environment: string[];
  // As sent; absent means the image's own, which is usually root.
  user: string | null;
  groupsAdded: string[];
  privileged: boolean;
  mounts: DockerMount[];
  // Upper case with `CAP_`, as dockerd normalises them; `ALL` stays `ALL`.
  capabilitiesAdded: string[];
  capabilitiesDropped: string[];
  namespaces: DockerNamespace[];
  devices: DockerDevice[];
  deviceCgroupRules: string[];
  deviceRequests: DockerDeviceRequest[];
  securityOptions: DockerSecurityOption[];
  // Present where the request overrides what Docker hides in `/proc` and `/sys`; an empty list hides
  // nothing.
  maskedPaths: string[] | null;
  readonlyPaths: string[] | null;
  published: DockerPort[];
  publishAll: boolean;
  // Every network that it will be attached to, as named in the request.
  networks: string[];
  extraHosts: string[];
  labels: [string, string][];
  annotations: [string, string][];
  sysctls: [string, string][];
  runtime: string | null;
  cgroupParent: string | null;
  // `no`, `always`, `on-failure`, `unless-stopped`.
  restart: string | null;
  logDriver: string | null;
  logOptions: [string, string][];
  // Bytes; absent means no limit.
  memoryLimit: number | null;
  readOnlyRoot: boolean;
  extra: [string, string][];
}

// The request's body.
export type DockerBody =
  | { tag: 'absent' }
  | { tag: 'json'; val: string }
  | { tag: 'unseen'; val: string };

// A call to the Docker Engine API, before the daemon carries it out.
export interface DockerRequest {
  context: Context;
  // Which daemon is asked: a label from the host's configuration.
  daemon: string;
  principal: Principal;
  // Docker's own operationId, e.g. `ContainerCreate`; absent where dockerd has no such route.
  operation: string | null;
  // As sent; dockerd compares it case by case.
  method: string;
  // As sent: with version, escapes and query.
  uri: string;
  // The path that dockerd routes, percent-decoded, without the version.
  path: string[];
  // Major and minor, where the URI has a version.
  apiVersion: [number, number] | null;
  // As the daemon reads it, in order; where a key stands twice, the first counts, unless Docker reads a list.
  query: [string, string][];
  // As the daemon shows them: of a repeated one the last, and never those that carry credentials.
  headers: [string, string][];
  // In the order in which Docker's documentation names them: for a tag the source, then the new name.
  targets: DockerTarget[];
  body: DockerBody;
  // What was unusual about the spelling: `absolute-form`, `percent-encoded-path`, `encoded-slash`, `odd-version`,
  // `repeated-query-key`, `top-level-host-config`; and `unshown-form`: the daemon could take parameters from a
  // form that it does not show (`ImageBuild`, and `ImageCreate` of an archive).
  anomalies: string[];
  // What is to be run, where the operation runs something or changes how it runs.
  workload: DockerWorkload | null;
  // What `VolumeCreate` makes.
  volume: DockerMount | null;
  // Paths of the daemon's host that stand in neither `workload.mounts` nor `volume`.
  hostPaths: DockerHostPath[];
  extra: [string, string][];
}

// The daemon's answer, before the client sees it. What it did is done.
export interface DockerResponse {
  request: DockerRequest;
  // Absent where the daemon had not set one when it asked.
  status: number | null;
  headers: [string, string][];
  body: DockerBody;
  extra: [string, string][];
}

// Which things a user sees. What is not visible is left out of lists, and any other call that names it is answered
// as if it were not there.
export interface Visibility {
  // The kinds that this is about, as in `docker.target`: `container`, `network`, `volume`, `service`, `secret`,
  // `config`, `task`, `image`. Other kinds are visible.
  kinds: string[];
  // A thing with one of these labels is visible. Prunes and events are limited to the first: Docker joins labels of a
  // filter by `and`.
  labels: [string, string][];
  // So is a thing of this kind and name, e.g. (`network`, `none`).
  names: [string, string][];
}

export interface Edits {
  // Absent shows everything.
  visible: Visibility | null;
  // Labels that a created container, network, volume or service gets, in the place of the client's own of these
  // names.
  labels: [string, string][];
  // Names of environment variables whose values no response shows; `*` means all.
  hiddenEnvironment: string[];
  // What a later version will know.
  extra: [string, string][];
}

// Who asks, as Keystone says.
export interface SecretsRequester {
  // Absent means anonymous.
  user: string | null;
  userName: string | null;
  userDomain: string | null;
  project: string | null;
  projectName: string | null;
  projectDomain: string | null;
  // `project`, `domain`, `system` or `unscoped`.
  scope: string;
  roles: string[];
  groups: string[];
  // The id of the application credential that the token was got with.
  applicationCredential: string | null;
  // The roles of the service that calls on the user's behalf, where it showed a token of its own.
  serviceRoles: string[];
  attributes: [string, string][];
}

// Who may read an entity besides its project.
export interface SecretsAcl {
  // User ids.
  users: string[];
  // False makes it private to its creator and `users`.
  projectAccess: boolean;
  // Milliseconds since 1970-01-01 UTC; absent in a proposed one.
  created: number | null;
  updated: number | null;
  extra: [string, string][];
}

// A secret or a container.
export interface SecretsEntity {
  // `secret` or `container`.
  kind: string;
  id: string;
  name: string | null;
  // The project that owns it.
  project: string;
  // The user who made it.
  creator: string | null;
  // Barbican's `secret_type`, or the container's type.
  subtype: string | null;
  extra: [string, string][];
}

// A container that holds the secret.
export interface SecretsHolder {
  entity: SecretsEntity;
  acl: SecretsAcl | null;
}

// One act upon an entity.
export interface SecretsAccess {
  context: Context;
  // `secret-get`, `payload-get`, `secret-list`, `secret-create`, `payload-put`, `secret-delete`,
  // `container-get`, `container-list`, `container-create`, `container-delete`, `acl-get`, `acl-put`,
  // `acl-patch`, `acl-delete`, `container-secret-create`, `container-secret-delete`, `consumer-list`,
  // `consumer-create`, `consumer-delete`, `secret-meta-get`, `secret-meta-put`, `secret-meta-create`,
  // `secret-meta-delete`, `quota-get`, `project-quota-get`, `project-quota-put`, `project-quota-delete`.
  // Reserved for orders: `order-list`, `order-create`, `order-get`, `order-delete`.
  operation: string;
  principal: SecretsRequester;
  // Absent where the operation is about none: lists, quotas.
  entity: SecretsEntity | null;
  // The ACL in force, if one is set.
  acl: SecretsAcl | null;
  // The ACL that a write would put in force.
  proposed: SecretsAcl | null;
  // The containers that hold the secret and were made by the one who made it; a container of another user says
  // nothing about who may have it.
  holders: SecretsHolder[];
  extra: [string, string][];
}

// A policy's decision.
export type Verdict = 'allow' | 'deny' | 'abstain';

// A policy's response.
export interface Opinion {
  verdict: Verdict;
  // Shown to the caller when the verdict is `deny`; written for a person, and says what to do instead. At
  // most 1024 bytes; control characters are replaced.
  reason: string;
  // The policy's own name for the rule that fired, at most 64 bytes of `a-z 0-9 . _ : -`; empty where there
  // is none.
  rule: string;
  // What a later version will know. Names that the host does not know are ignored.
  extra: [string, string][];
}

// Time, id and origin of one decision.
export interface Context {
  // When the policies were asked: milliseconds since 1970-01-01 UTC, taken once and recorded, so that a
  // replay sees the same. The only clock a policy has.
  now: number;
  // The id of the decision's record; it also stands at the end of a refusal's text.
  decision: string;
  // The API that asks: `docker-plugin`, `docker-gateway`, `barbican`, `aws-federation`.
  api: string;
  // The address the request came from, where there is one. For the Docker authorization plugin that is
  // the daemon, not its client.
  peer: string | null;
}

// A certificate that the caller proved to hold the key of.
export interface Certificate {
  // The whole subject, e.g. `CN=alice,OU=ops,O=Example`.
  subject: string;
  commonName: string | null;
  organizations: string[];
  organizationalUnits: string[];
  dnsNames: string[];
  emailAddresses: string[];
  ipAddresses: string[];
  uris: string[];
  // The issuer's whole subject.
  issuer: string;
  // Hexadecimal.
  serial: string;
  // SHA-256 over the certificate's DER, lower-case hexadecimal.
  sha256: string;
}

// Who sent the request.
export interface Principal {
  // Absent means anonymous: the name `""` is never used for that.
  name: string | null;
  // How the name was proved: `anonymous`, `certificate`, `token`, `password`, `header`, `address`; `unstated`
  // where the daemon names a user without saying how it authenticated them.
  authentication: string;
  groups: string[];
  // The client's own certificate, where one was shown.
  certificate: Certificate | null;
  // Further facts from the identity source.
  attributes: [string, string][];
}

// Called once, with the policy's settings as a JSON object.
export interface Lifecycle {
  configure(settings: string): void;
}

// Asked on every request to the AWS federation API; nothing about permission is cached.
export interface AwsRolesHook {
  // Listing and fetching use the same answer. An error is a fault of the policy: nothing is granted, and the
  // text goes to the operator.
  grants(request: AwsRequest): AwsAnswer;
}

// Asked before a call is decided, and by the gateway alone: a plugin of dockerd can change nothing. A policy that does not
// export it edits nothing.
export interface DockerEditHook {
  // What of Docker this user sees, and what is written to it. The edits of several policies add up: a thing is visible
  // where all of them show it. An error is a fault of the policy: the call is refused, and the text goes to the operator.
  edit(request: DockerRequest): Edits;
}

// Asked before the Docker daemon carries out a call.
export interface DockerRequestHook {
  // An error is a fault of the policy: the call is refused, and the text goes to the operator.
  authorize(request: DockerRequest): Opinion;
}

// Asked before the Docker daemon's answer goes to the client. The side effect has happened: only a `deny` or a
// fault withholds the answer.
export interface DockerResponseHook {
  // An error is a fault of the policy: the answer is withheld, and the text goes to the operator.
  authorize(response: DockerResponse): Opinion;
}

// Asked before a secret, a container or an ACL is read or changed.
export interface SecretAccessHook {
  // An error is a fault of the policy: access is refused, and the text goes to the operator.
  authorize(access: SecretsAccess): Opinion;
}
