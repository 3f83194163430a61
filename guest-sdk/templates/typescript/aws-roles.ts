export const awsRoles: AwsRolesHook = {
  grants: guarded(({ principal }) => {
    if (principal.name == null) return roles();
    return roles(settings.read_only_accounts.map((account) => grant(account, 'ReadOnly', 'every user may read')));
  }),
};
