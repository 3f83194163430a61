export const dockerResponse: DockerResponseHook = {
  authorize: guarded(({ request }) => {
    if (request.operation != null && settings.withheld_operations.includes(request.operation)) {
      return deny('withheld', `the response of \`${request.operation}\` is withheld`);
    }
    return abstain();
  }),
};
