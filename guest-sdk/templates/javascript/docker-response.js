export const dockerResponse = {
  authorize: guarded(({ request }) => {
    if (settings.withheld_operations.includes(request.operation)) {
      return deny('withheld', `the response of \`${request.operation}\` is withheld`);
    }
    return abstain();
  }),
};
