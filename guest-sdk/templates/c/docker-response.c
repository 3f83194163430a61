// The policy `@name@`.
//
// What the bindings pass in is never given back: an instance answers one request. What a policy hands out the bindings
// free, so literals are copied.

#include "docker_response_policy.h"
#include "portcullis.h"

static portcullis_strings withheld_operations;

bool exports_portcullis_policy_lifecycle_configure(docker_response_policy_string_t *settings, docker_response_policy_string_t *error) {
  portcullis_field fields[] = {{"withheld_operations", PORTCULLIS_STRINGS, &withheld_operations, false, false}};
  const char *wrong = portcullis_read_settings(settings->ptr, settings->len, fields, 1);
  if (wrong) docker_response_policy_string_dup(error, wrong);
  return !wrong;
}

static bool say(portcullis_policy_types_opinion_t *opinion, uint8_t verdict, const char *rule, const char *reason) {
  memset(opinion, 0, sizeof *opinion);
  opinion->verdict = verdict;
  docker_response_policy_string_dup(&opinion->rule, rule);
  docker_response_policy_string_dup(&opinion->reason, reason);
  return true;
}

static bool deny(portcullis_policy_types_opinion_t *opinion, const char *rule, const char *reason) {
  return say(opinion, PORTCULLIS_POLICY_TYPES_VERDICT_DENY, rule, reason);
}

static bool abstain(portcullis_policy_types_opinion_t *opinion) {
  return say(opinion, PORTCULLIS_POLICY_TYPES_VERDICT_ABSTAIN, "", "");
}

bool exports_portcullis_policy_docker_response_authorize(exports_portcullis_policy_docker_response_response_t *response,
                                                         exports_portcullis_policy_docker_response_opinion_t *opinion,
                                                         docker_response_policy_string_t *error) {
  (void)error;
  if (!response->request.operation.is_some) return abstain(opinion);
  docker_response_policy_string_t operation = response->request.operation.val;
  if (!portcullis_contains(withheld_operations, operation.ptr, operation.len)) return abstain(opinion);
  portcullis_reason reason = {0};
  portcullis_say(&reason, "the response of `");
  portcullis_add(&reason, operation.ptr, operation.len);
  portcullis_say(&reason, "` is withheld");
  return deny(opinion, "withheld", reason.text);
}
