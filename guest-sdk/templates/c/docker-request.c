// The policy `@name@`.
//
// What the bindings pass in is never given back: an instance answers one request. What a policy hands out the bindings
// free, so literals are copied.

#include "docker_policy.h"
#include "portcullis.h"

static portcullis_strings allowed_registries;

bool exports_portcullis_policy_lifecycle_configure(docker_policy_string_t *settings, docker_policy_string_t *error) {
  portcullis_field fields[] = {{"allowed_registries", PORTCULLIS_STRINGS, &allowed_registries, false, false}};
  const char *wrong = portcullis_read_settings(settings->ptr, settings->len, fields, 1);
  if (wrong) docker_policy_string_dup(error, wrong);
  return !wrong;
}

static bool say(portcullis_policy_types_opinion_t *opinion, uint8_t verdict, const char *rule, const char *reason) {
  memset(opinion, 0, sizeof *opinion);
  opinion->verdict = verdict;
  docker_policy_string_dup(&opinion->rule, rule);
  docker_policy_string_dup(&opinion->reason, reason);
  return true;
}

static bool deny(portcullis_policy_types_opinion_t *opinion, const char *rule, const char *reason) {
  return say(opinion, PORTCULLIS_POLICY_TYPES_VERDICT_DENY, rule, reason);
}

static bool abstain(portcullis_policy_types_opinion_t *opinion) {
  return say(opinion, PORTCULLIS_POLICY_TYPES_VERDICT_ABSTAIN, "", "");
}

bool exports_portcullis_policy_docker_request_authorize(exports_portcullis_policy_docker_request_request_t *request,
                                                        exports_portcullis_policy_docker_request_opinion_t *opinion,
                                                        docker_policy_string_t *error) {
  (void)error;
  if (!request->workload.is_some) return abstain(opinion);
  const portcullis_policy_docker_workload_t *workload = &request->workload.val;
  if (workload->privileged) return deny(opinion, "privileged", "leave out `--privileged`");
  const portcullis_policy_docker_image_t *image = &workload->image.val;
  if (!workload->image.is_some || portcullis_contains(allowed_registries, image->domain.ptr, image->domain.len))
    return abstain(opinion);
  portcullis_reason reason = {0};
  portcullis_say(&reason, "no images from `");
  portcullis_add(&reason, image->domain.ptr, image->domain.len);
  portcullis_say(&reason, "`");
  return deny(opinion, "registry", reason.text);
}
