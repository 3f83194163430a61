export const dockerRequest: DockerRequestHook = {
  authorize: guarded(({ workload }) => {
    if (workload == null) return abstain();
    if (workload.privileged) return deny('privileged', 'leave out `--privileged`');
    const { image } = workload;
    if (image != null && !settings.allowed_registries.includes(image.domain)) {
      return deny('registry', `no images from \`${image.domain}\``);
    }
    return abstain();
  }),
};
