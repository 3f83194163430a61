// No privileged containers, and images from allowed registries only.

import { abstain, deny, guarded, readSettings, strings } from './portcullis.js';
import type { DockerRequestHook, Lifecycle } from './portcullis.js';

let settings: { allowed_registries: string[] };

export const lifecycle: Lifecycle = {
  configure: guarded((text) => {
    settings = readSettings(text, { allowed_registries: strings });
  }),
};

export const dockerRequest: DockerRequestHook = {
  authorize: guarded(({ workload }) => {
    if (workload == null) return abstain();
    if (workload.privileged) return deny('privileged', 'leave out `--privileged`');
    const registries = settings.allowed_registries;
    if (workload.image != null && !registries.includes(workload.image.domain)) {
      const allowed = registries.map((registry) => `\`${registry}\``).join(', ');
      return deny('registry', `no images from \`${workload.image.domain}\`: allowed are ${allowed}`);
    }
    return abstain();
  }),
};
