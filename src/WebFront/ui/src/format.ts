import type { Usage } from './resources';

/** 950, 12.3k, 1.2M. */
export function shortCount(value: number): string {
  if (value < 1_000) return String(value);
  if (value < 999_950) return `${trimmed(value / 1_000)}k`;
  return `${trimmed(value / 1_000_000)}M`;
}

/** From milliseconds: 0.8 s, 42 s, 3 min 5 s, 1 h 2 min. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Empty when one of the times is missing. */
export function durationBetween(start: string, end: string): string {
  const milliseconds = Date.parse(end) - Date.parse(start);
  return Number.isFinite(milliseconds) ? duration(Math.max(0, milliseconds)) : '';
}

export function usageSummary(usage: Usage): string {
  return `${shortCount(usage.input)} in · ${shortCount(usage.output)} out`;
}

export function usageDetail(usage: Usage): string {
  const { input, cachedInput, output, reasoningOutput } = usage;
  return `${input} input tokens (${cachedInput} cached), ${output} output tokens (${reasoningOutput} for reasoning)`;
}

export function fileSize(bytes: number): string {
  return bytes < 1_000_000 ? `${shortCount(bytes)}B` : `${trimmed(bytes / 1_000_000)} MB`;
}

function trimmed(value: number): string {
  return value < 100 ? value.toFixed(1).replace(/\.0$/, '') : String(Math.round(value));
}
