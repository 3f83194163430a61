export const dockerEdit: DockerEditHook = {
  edit: guarded(({ principal }) => {
    const { name } = principal;
    if (name == null) return edits();
    return edits({ labels: settings.owner_labels.map((label) => [label, name]) });
  }),
};
