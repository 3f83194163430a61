// The policy `@name@`.
//
// What the bindings pass in is never given back: an instance answers one request. What a policy hands out the bindings
// free, so literals are copied.

#include "docker_edit_policy.h"
#include "portcullis.h"

static portcullis_strings owner_labels;

bool exports_portcullis_policy_lifecycle_configure(docker_edit_policy_string_t *settings, docker_edit_policy_string_t *error) {
  portcullis_field fields[] = {{"owner_labels", PORTCULLIS_STRINGS, &owner_labels, false, false}};
  const char *wrong = portcullis_read_settings(settings->ptr, settings->len, fields, 1);
  if (wrong) docker_edit_policy_string_dup(error, wrong);
  return !wrong;
}

bool exports_portcullis_policy_docker_edit_edit(exports_portcullis_policy_docker_edit_request_t *request,
                                                exports_portcullis_policy_docker_edit_edits_t *edits,
                                                docker_edit_policy_string_t *error) {
  (void)error;
  memset(edits, 0, sizeof *edits);
  if (!request->principal.name.is_some) return true;
  docker_edit_policy_string_t name = request->principal.name.val;
  edits->labels.len = owner_labels.count;
  edits->labels.ptr = calloc(owner_labels.count, sizeof *edits->labels.ptr);
  if (owner_labels.count && !edits->labels.ptr) abort();
  for (size_t i = 0; i < owner_labels.count; i++) {
    portcullis_text label = owner_labels.items[i];
    docker_edit_policy_string_dup_n(&edits->labels.ptr[i].f0, (const char *)label.ptr, label.len);
    docker_edit_policy_string_dup_n(&edits->labels.ptr[i].f1, (const char *)name.ptr, name.len);
  }
  return true;
}
