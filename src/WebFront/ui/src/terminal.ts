import Anser from 'anser';

// Window titles and hyperlinks, which Anser leaves in.
const operatingSystemCommand = /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/** A run of terminal output in one colour. `colour` is the name of a CSS class without its prefix, or empty. */
export interface Span {
  text: string;
  colour: string;
  bold: boolean;
  dim: boolean;
}

/** The end of the output that is kept on the page when all is asked for; more would freeze it. */
export const longestOutput = 256 * 1024;

/** Colours as spans, all other control sequences gone, and of a line that was overwritten the last version. */
export function readOutput(output: string): Span[] {
  const shown = output
    .replace(/\r+(?=\n|$)/g, '')
    .replace(/^.*\r/gm, '')
    .replace(operatingSystemCommand, '');
  return Anser.ansiToJson(shown, { use_classes: true, remove_empty: true }).map((part) => ({
    text: part.content,
    colour: (part.fg ?? '').replace(/^ansi-/, ''),
    bold: part.decorations.includes('bold'),
    dim: part.decorations.includes('dim'),
  }));
}

/** The last lines of a long output, which is where a command says how it went. */
export function lastLines(output: string, count: number): { text: string; hiddenLines: number } {
  const lines = output.trimEnd().split('\n');
  const hiddenLines = Math.max(0, lines.length - count);
  return { text: lines.slice(hiddenLines).join('\n'), hiddenLines };
}

/** At most so many characters from the start or the end, and never half of one. */
export function cutEnd(text: string, longest: number): string {
  return text.length <= longest ? text : text.slice(0, isLowSurrogate(text, longest) ? longest - 1 : longest);
}

export function cutStart(text: string, longest: number): string {
  const start = text.length - longest;
  return start <= 0 ? text : text.slice(isLowSurrogate(text, start) ? start + 1 : start);
}

function isLowSurrogate(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xdc00;
}

/** The command as a person would type it: the CLI runs everything through a login shell, quoted for it. */
export function shownCommand(command: string): string {
  const script = /^(?:\S*\/)?(?:ba|z|da)?sh -lc (.+)$/s.exec(command)?.[1];
  if (script === undefined) return command;
  const single = /^'([^']*)'$/s.exec(script)?.[1];
  if (single !== undefined) return single;
  const double = /^"((?:[^"\\]|\\.)*)"$/s.exec(script)?.[1];
  if (double !== undefined) return double.replace(/\\(["\\$`])/g, '$1');
  // A mixture of quotes is shown as it is: half undone it would be another command.
  return /^[\w./-]+$/.test(script) ? script : command;
}
