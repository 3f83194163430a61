// Helps to write a Portcullis policy in JavaScript, for componentize-qjs. See examples/javascript.
//
// An exception that leaves a hook arrives at the host as a bare trap, without what was thrown: `guarded`
// logs it and answers with an error instead, which the host counts as a fault and refuses.

import * as L from 'portcullis:policy/log@0.1.0';

// QuickJS hands over a default export, other engines the function itself.
export const log = L.default?.log ?? L.log;

// It grants, by this rule.
export const allow = (rule) => ({ verdict: 'allow', reason: '', rule, extra: [] });

// It forbids. The reason is shown to the caller: say what to do instead.
export const deny = (rule, reason) => ({ verdict: 'deny', reason, rule, extra: [] });

// It has no objection and grants nothing.
export const abstain = () => ({ verdict: 'abstain', reason: '', rule: '', extra: [] });

// The answer of `docker-edit`. Without arguments, no edits.
export const edits = ({ visible = null, labels = [], hiddenEnvironment = [] } = {}) => ({
  visible,
  labels,
  hiddenEnvironment,
  extra: [],
});

// The answer of `aws-roles`. Without arguments, nothing is granted.
export const roles = (grants = [], denials = []) => ({ grants, denials, extra: [] });

// One role in one account, for `roles`. `rest` may have `durationSeconds`, `sessionName`, `sourceIdentity`, `tags`,
// `sessionPolicy` and `externalId`.
export const grant = (account, role, reason, rest = {}) => ({
  account,
  role,
  reason,
  durationSeconds: null,
  sessionName: null,
  sourceIdentity: null,
  tags: [],
  sessionPolicy: null,
  externalId: null,
  extra: [],
  ...rest,
});

// Wraps `configure` and every hook. A thrown string is an error as it is; anything else is logged with its stack.
export const guarded = (hook) => (argument) => {
  try {
    return hook(argument);
  } catch (fault) {
    if (typeof fault === 'string') throw fault;
    log('error', `${fault}\n${fault?.stack ?? ''}`);
    throw String(fault);
  }
};

// Reads settings. `fields` gives each key its check: a function that says what is wrong, or nothing.
export const readSettings = (text, fields) => {
  const settings = JSON.parse(text);
  const unknown = Object.keys(settings).filter((key) => !Object.hasOwn(fields, key));
  if (unknown.length) throw `unknown key: ${unknown.map((key) => `\`${key}\``).join(', ')}`;
  for (const [key, check] of Object.entries(fields)) {
    if (!Object.hasOwn(settings, key)) throw `missing field \`${key}\``;
    const wrong = check(settings[key]);
    if (wrong) throw `\`${key}\`: ${wrong}`;
  }
  return settings;
};

// A check for `readSettings`.
export const strings = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? undefined : 'a list of strings is wanted';
