// The policy `@name@`.
//
// What the bindings pass in is never given back: an instance answers one request. What a policy hands out the bindings
// free, so literals are copied.

#include "secret_policy.h"
#include "portcullis.h"

static portcullis_strings deleting_roles;

bool exports_portcullis_policy_lifecycle_configure(secret_policy_string_t *settings, secret_policy_string_t *error) {
  portcullis_field fields[] = {{"deleting_roles", PORTCULLIS_STRINGS, &deleting_roles, false, false}};
  const char *wrong = portcullis_read_settings(settings->ptr, settings->len, fields, 1);
  if (wrong) secret_policy_string_dup(error, wrong);
  return !wrong;
}

static bool say(portcullis_policy_types_opinion_t *opinion, uint8_t verdict, const char *rule, const char *reason) {
  memset(opinion, 0, sizeof *opinion);
  opinion->verdict = verdict;
  secret_policy_string_dup(&opinion->rule, rule);
  secret_policy_string_dup(&opinion->reason, reason);
  return true;
}

static bool deny(portcullis_policy_types_opinion_t *opinion, const char *rule, const char *reason) {
  return say(opinion, PORTCULLIS_POLICY_TYPES_VERDICT_DENY, rule, reason);
}

static bool abstain(portcullis_policy_types_opinion_t *opinion) {
  return say(opinion, PORTCULLIS_POLICY_TYPES_VERDICT_ABSTAIN, "", "");
}

bool exports_portcullis_policy_secret_access_authorize(exports_portcullis_policy_secret_access_access_t *access,
                                                       exports_portcullis_policy_secret_access_opinion_t *opinion,
                                                       secret_policy_string_t *error) {
  (void)error;
  secret_policy_string_t operation = access->operation;
  if (!portcullis_is(operation.ptr, operation.len, "secret-delete") &&
      !portcullis_is(operation.ptr, operation.len, "container-delete"))
    return abstain(opinion);
  for (size_t i = 0; i < access->principal.roles.len; i++) {
    secret_policy_string_t role = access->principal.roles.ptr[i];
    if (portcullis_contains(deleting_roles, role.ptr, role.len)) return abstain(opinion);
  }
  return deny(opinion, "deletion", "deleting needs another role");
}
