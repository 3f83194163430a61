// No privileged containers, and images from allowed registries only.
//
// What the bindings pass in is never given back: an instance answers one request. What a policy hands out the bindings
// free, so literals are copied.

#include "docker_policy.h"
#include "portcullis.h"

static portcullis_strings registries;

bool exports_portcullis_policy_lifecycle_configure(docker_policy_string_t *settings, docker_policy_string_t *error) {
  portcullis_field fields[] = {{"allowed_registries", PORTCULLIS_STRINGS, &registries, false, false}};
  const char *wrong = portcullis_read_settings(settings->ptr, settings->len, fields, 1);
  if (wrong) docker_policy_string_dup(error, wrong);
  return !wrong;
}

static void say(portcullis_policy_types_opinion_t *opinion, uint8_t verdict, const char *rule, const char *reason) {
  memset(opinion, 0, sizeof *opinion);
  opinion->verdict = verdict;
  docker_policy_string_dup(&opinion->rule, rule);
  docker_policy_string_dup(&opinion->reason, reason);
}

static void deny_registry(portcullis_policy_types_opinion_t *opinion, docker_policy_string_t domain) {
  portcullis_reason reason = {0};
  portcullis_say(&reason, "no images from `");
  portcullis_add(&reason, domain.ptr, domain.len);
  portcullis_say(&reason, "`: allowed are ");
  for (size_t i = 0; i < registries.count; i++) {
    portcullis_say(&reason, i ? ", `" : "`");
    portcullis_add(&reason, registries.items[i].ptr, registries.items[i].len);
    portcullis_say(&reason, "`");
  }
  say(opinion, PORTCULLIS_POLICY_TYPES_VERDICT_DENY, "registry", reason.text);
}

bool exports_portcullis_policy_docker_request_authorize(exports_portcullis_policy_docker_request_request_t *request,
                                                        exports_portcullis_policy_docker_request_opinion_t *opinion,
                                                        docker_policy_string_t *error) {
  (void)error;
  const portcullis_policy_docker_workload_t *workload = request->workload.is_some ? &request->workload.val : NULL;
  const portcullis_policy_docker_image_t *image = workload && workload->image.is_some ? &workload->image.val : NULL;
  if (workload && workload->privileged)
    say(opinion, PORTCULLIS_POLICY_TYPES_VERDICT_DENY, "privileged", "leave out `--privileged`");
  else if (image && !portcullis_contains(registries, image->domain.ptr, image->domain.len))
    deny_registry(opinion, image->domain);
  else
    say(opinion, PORTCULLIS_POLICY_TYPES_VERDICT_ABSTAIN, "", "");
  return true;
}
