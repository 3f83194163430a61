// No privileged containers, and images from allowed registries only.

import { abstain, deny, guarded, readSettings, strings } from './portcullis.js';

let settings = null;

export const lifecycle = {
  configure: guarded((text) => {
    settings = readSettings(text, { allowed_registries: strings });
  }),
};

export const dockerRequest = {
  authorize: guarded(({ workload }) => {
    if (!settings) return deny('unconfigured', 'the policy was asked before it had its settings');
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
