// Types of portcullis.js. Those of facts and answers are in types.d.ts.

import type { AwsAnswer, AwsDenial, AwsGrant, Edits, Opinion, Visibility } from './types.js';
export type * from './types.js';

// A line of the host's log.
export const log: (level: 'trace' | 'debug' | 'info' | 'warn' | 'error', message: string) => void;

// It grants, by this rule.
export const allow: (rule: string) => Opinion;

// It forbids. The reason is shown to the caller: say what to do instead.
export const deny: (rule: string, reason: string) => Opinion;

// It has no objection and grants nothing.
export const abstain: () => Opinion;

// The answer of `docker-edit`. Without arguments, no edits.
export const edits: (of?: {
  visible?: Visibility | null;
  labels?: [string, string][];
  hiddenEnvironment?: string[];
}) => Edits;

// The answer of `aws-roles`. Without arguments, nothing is granted.
export const roles: (grants?: AwsGrant[], denials?: AwsDenial[]) => AwsAnswer;

// One role in one account, for `roles`.
export const grant: (
  account: string,
  role: string,
  reason: string,
  rest?: Partial<Omit<AwsGrant, 'account' | 'role' | 'reason'>>,
) => AwsGrant;

// Wraps `configure` and every hook. A thrown string is an error as it is; anything else is logged with its stack.
export function guarded<Input, Answer>(hook: (argument: Input) => Answer): (argument: Input) => Answer;

// A check says what is wrong with a value, or nothing. `Value` is the type that it leaves.
export type Check<Value> = ((value: unknown) => string | undefined) & { readonly of?: Value };

// Reads settings. `fields` gives each key its check.
export function readSettings<Fields extends Record<string, Check<unknown>>>(
  text: string,
  fields: Fields,
): { [Key in keyof Fields]: Fields[Key] extends Check<infer Value> ? Value : never };

// A check for `readSettings`.
export const strings: Check<string[]>;
