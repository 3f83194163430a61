export const secretAccess: SecretAccessHook = {
  authorize: guarded(({ operation, principal }) => {
    const deletes = operation === 'secret-delete' || operation === 'container-delete';
    if (deletes && !principal.roles.some((role) => settings.deleting_roles.includes(role))) {
      return deny('deletion', 'deleting needs another role');
    }
    return abstain();
  }),
};
