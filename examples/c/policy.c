// No privileged containers, and images from allowed registries only.
//
// What the bindings pass in is ours to free; what we hand out they free, so literals are always copied.

#include "bindings/docker_policy.h"
#include <stdlib.h>
#include <string.h>

typedef docker_policy_string_t string;

enum { MAX_REGISTRIES = 256, MAX_REASON = 1024 };

static string registries[MAX_REGISTRIES];
static size_t registry_count;
static bool configured;

static bool same(string a, string b) { return a.len == b.len && !memcmp(a.ptr, b.ptr, a.len); }

// Settings: the one shape that this policy takes, `{"allowed_registries": ["..."]}`.

static const uint8_t *at, *end;

static bool take(char wanted) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) at++;
  if (at == end || *at != wanted) return false;
  at++;
  return true;
}

static bool take_string(string *text) {
  if (!take('"')) return false;
  const uint8_t *start = at;
  while (at < end && *at != '"')
    if (*at++ == '\\') return false;  // no registry has such a name
  if (at == end) return false;
  text->len = (size_t)(at++ - start);
  text->ptr = malloc(text->len + 1);
  memcpy(text->ptr, start, text->len);
  return true;
}

// What is wrong with the settings, or NULL.
static const char *read_settings(void) {
  string key;
  if (!take('{')) return "an object is wanted";
  if (take('}')) return "missing field `allowed_registries`";
  if (!take_string(&key) || key.len != 18 || memcmp(key.ptr, "allowed_registries", 18))
    return "unknown key: there is only `allowed_registries`";
  if (!take(':') || !take('[')) return "`allowed_registries`: a list of strings is wanted";
  if (!take(']')) {
    do {
      if (registry_count == MAX_REGISTRIES) return "`allowed_registries`: more than 256";
      if (!take_string(&registries[registry_count++])) return "`allowed_registries`: a list of strings is wanted";
    } while (take(','));
    if (!take(']')) return "`allowed_registries`: a list of strings is wanted";
  }
  return take('}') ? NULL : "unknown key: there is only `allowed_registries`";
}

bool exports_portcullis_policy_lifecycle_configure(string *settings, string *error) {
  at = settings->ptr;
  end = at + settings->len;
  const char *wrong = configured ? "configured twice" : read_settings();
  docker_policy_string_free(settings);
  if (wrong) {
    docker_policy_string_dup(error, wrong);
    return false;
  }
  configured = true;
  return true;
}

// Opinions.

static void say(portcullis_policy_types_opinion_t *opinion, uint8_t verdict, const char *rule, const char *reason) {
  memset(opinion, 0, sizeof *opinion);
  opinion->verdict = verdict;
  docker_policy_string_dup(&opinion->rule, rule);
  docker_policy_string_dup(&opinion->reason, reason);
}

static char *append(char *to, const char *limit, const void *text, size_t length) {
  size_t room = (size_t)(limit - to);
  if (length > room) length = room;
  memcpy(to, text, length);
  return to + length;
}

static void deny_registry(portcullis_policy_types_opinion_t *opinion, string domain) {
  char reason[MAX_REASON + 1];
  const char *limit = reason + MAX_REASON;
  char *to = append(reason, limit, "no images from `", 16);
  to = append(to, limit, domain.ptr, domain.len);
  to = append(to, limit, "`: allowed are ", 15);
  for (size_t i = 0; i < registry_count; i++) {
    to = append(to, limit, i ? ", `" : "`", i ? 3 : 1);
    to = append(to, limit, registries[i].ptr, registries[i].len);
    to = append(to, limit, "`", 1);
  }
  *to = 0;
  say(opinion, PORTCULLIS_POLICY_TYPES_VERDICT_DENY, "registry", reason);
}

bool exports_portcullis_policy_docker_request_authorize(exports_portcullis_policy_docker_request_request_t *request,
                                                        exports_portcullis_policy_docker_request_opinion_t *opinion,
                                                        string *error) {
  (void)error;
  const portcullis_policy_docker_workload_t *workload = request->workload.is_some ? &request->workload.val : NULL;
  bool known = workload == NULL || !workload->image.is_some;
  for (size_t i = 0; i < registry_count && !known; i++) known = same(workload->image.val.domain, registries[i]);

  if (!configured)
    say(opinion, PORTCULLIS_POLICY_TYPES_VERDICT_DENY, "unconfigured", "the policy was asked before it had its settings");
  else if (workload && workload->privileged)
    say(opinion, PORTCULLIS_POLICY_TYPES_VERDICT_DENY, "privileged", "leave out `--privileged`");
  else if (!known)
    deny_registry(opinion, workload->image.val.domain);
  else
    say(opinion, PORTCULLIS_POLICY_TYPES_VERDICT_ABSTAIN, "", "");
  exports_portcullis_policy_docker_request_request_free(request);
  return true;
}
