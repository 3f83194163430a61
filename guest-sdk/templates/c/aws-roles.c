// The policy `@name@`.
//
// What the bindings pass in is never given back: an instance answers one request. What a policy hands out the bindings
// free, so literals are copied.

#include "aws_policy.h"
#include "portcullis.h"

static portcullis_strings read_only_accounts;

bool exports_portcullis_policy_lifecycle_configure(aws_policy_string_t *settings, aws_policy_string_t *error) {
  portcullis_field fields[] = {{"read_only_accounts", PORTCULLIS_STRINGS, &read_only_accounts, false, false}};
  const char *wrong = portcullis_read_settings(settings->ptr, settings->len, fields, 1);
  if (wrong) aws_policy_string_dup(error, wrong);
  return !wrong;
}

bool exports_portcullis_policy_aws_roles_grants(exports_portcullis_policy_aws_roles_request_t *request,
                                                exports_portcullis_policy_aws_roles_answer_t *answer,
                                                aws_policy_string_t *error) {
  (void)error;
  memset(answer, 0, sizeof *answer);
  if (!request->principal.name.is_some) return true;
  answer->grants.len = read_only_accounts.count;
  answer->grants.ptr = calloc(read_only_accounts.count, sizeof *answer->grants.ptr);
  if (read_only_accounts.count && !answer->grants.ptr) abort();
  for (size_t i = 0; i < read_only_accounts.count; i++) {
    portcullis_text account = read_only_accounts.items[i];
    aws_policy_string_dup_n(&answer->grants.ptr[i].account, (const char *)account.ptr, account.len);
    aws_policy_string_dup(&answer->grants.ptr[i].role, "ReadOnly");
    aws_policy_string_dup(&answer->grants.ptr[i].reason, "every user may read");
  }
  return true;
}
