export const dockerEdit = {
  edit: guarded(({ principal }) => {
    if (principal.name == null) return edits();
    return edits({ labels: settings.owner_labels.map((label) => [label, principal.name]) });
  }),
};
