import type { Sandbox, TurnOptions, WebSearch } from './resources';

/** The fields of the form. An empty string is "as the thread has it", or Codex's own default in a new thread. */
export interface Draft {
  model: string;
  sandbox: Sandbox;
  workingDirectory: string;
  skipGitRepoCheck: boolean;
  reasoningEffort: string;
  webSearch: WebSearch | '';
  network: 'on' | 'off' | '';
}

export function draftFrom(options: TurnOptions): Draft {
  const network = options.network_access_enabled;
  return {
    model: options.model ?? '',
    sandbox: options.sandbox ?? 'workspace-write',
    workingDirectory: options.working_directory ?? '',
    skipGitRepoCheck: options.skip_git_repo_check ?? false,
    reasoningEffort: options.model_reasoning_effort ?? '',
    webSearch: options.web_search ?? '',
    network: network === undefined ? '' : network ? 'on' : 'off',
  };
}

/** What to send. A field is left out when saying it would only overrule a default that the operator may have set. */
export function optionsOf(draft: Draft, threadHas: TurnOptions): TurnOptions {
  const options: TurnOptions = { sandbox: draft.sandbox };
  if (draft.model.trim()) options.model = draft.model.trim();
  if (draft.workingDirectory.trim()) options.working_directory = draft.workingDirectory.trim();
  if (draft.skipGitRepoCheck || threadHas.skip_git_repo_check) options.skip_git_repo_check = draft.skipGitRepoCheck;
  if (draft.reasoningEffort) options.model_reasoning_effort = draft.reasoningEffort;
  if (draft.webSearch) options.web_search = draft.webSearch;
  if (draft.network) options.network_access_enabled = draft.network === 'on';
  return options;
}
