import { describe, expect, it } from 'vitest';
import { lastLines, readOutput, shownCommand } from '../src/terminal';

const plain = (output: string) =>
  readOutput(output)
    .map(({ text }) => text)
    .join('');

describe('terminal output', () => {
  it('becomes text with the names of its colours', () => {
    expect(readOutput('a \u001b[1;31mred\u001b[0m b')).toEqual([
      { text: 'a ', colour: '', bold: false, dim: false },
      { text: 'red', colour: 'red', bold: true, dim: false },
      { text: ' b', colour: '', bold: false, dim: false },
    ]);
  });

  it('loses cursor movements, window titles and hyperlinks', () => {
    expect(plain('a\u001b[2K\u001b[1Gb\u001b]0;title\u0007c\u001b]8;;https://x.example\u001b\\d')).toBe('abcd');
  });

  it('keeps the last version of a line that was overwritten', () => {
    expect(plain('10%\r50%\r100%\nnext\r\nlast\r')).toBe('100%\nnext\nlast');
  });

  it('is shown from its end', () => {
    expect(lastLines('1\n2\n3\n4\n\n', 2)).toEqual({ text: '3\n4', hiddenLines: 2 });
    expect(lastLines('1\n2', 2)).toEqual({ text: '1\n2', hiddenLines: 0 });
  });
});

describe('a command', () => {
  it.each([
    ["/bin/bash -lc 'echo hello; pwd'", 'echo hello; pwd'],
    ['/bin/bash -lc ls', 'ls'],
    ['bash -lc "echo \\"a\\" \\$HOME"', 'echo "a" $HOME'],
    ["/usr/bin/zsh -lc 'a\nb'", 'a\nb'],
    [`/bin/bash -lc 'it'"'"'s'`, `/bin/bash -lc 'it'"'"'s'`],
    ['python -c pass', 'python -c pass'],
  ])('is shown without the shell around it: %s', (command, shown) => {
    expect(shownCommand(command)).toBe(shown);
  });
});
