/** A run of text, and whether it is a spelled-out escape of characters that nobody would see. */
export interface Piece {
  text: string;
  isEscape: boolean;
}

/**
 * `code`: commands, output, paths, arguments, where a character that cannot be seen, or that reorders what is seen, makes one
 * thing look like another. `prose`: sentences in any script, which need some of these characters (joiners, marks of direction);
 * only what reaches across its surroundings or can hold a hidden message is spelled out there.
 */
export type TextKind = 'code' | 'prose';

// Sequences that are one visible sign: keycaps, emoji with their variants and joiners, and the three flags that are spelled by tags.
const sign =
  '[#*0-9]\\ufe0f\\u20e3' +
  '|\\u{1f3f4}\\u{e0067}\\u{e0062}' +
  '(?:\\u{e0065}\\u{e006e}\\u{e0067}|\\u{e0073}\\u{e0063}\\u{e0074}|\\u{e0077}\\u{e006c}\\u{e0073})\\u{e007f}' +
  '|\\p{Extended_Pictographic}\\p{EMod}?\\ufe0f?(?:\\u200d\\p{Extended_Pictographic}\\p{EMod}?\\ufe0f?)*';

const hidden: Record<TextKind, string> = {
  code: '(?:(?![\\t\\n])[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}\\p{Default_Ignorable_Code_Point}\\u2800])+',
  prose: '(?:(?![\\t\\n\\r])[\\p{Cc}\\p{Cs}\\u202a-\\u202e\\u2066-\\u2069\\u{e0000}-\\u{e007f}])+',
};

const pattern: Record<TextKind, RegExp> = {
  code: new RegExp(`(${hidden.code})|(?:${sign})`, 'gu'),
  prose: new RegExp(`(${hidden.prose})|(?:${sign})`, 'gu'),
};

const plain = /^[\t\n\x20-\x7e]*$/;

/** Escapes with a mark of their own in one text; a text of nothing else is no reason to draw thousands of elements. */
const mostPieces = 1_000;

/** The text in order, hidden characters as escapes such as `\u202e`. */
export function pieces(text: string, kind: TextKind): Piece[] {
  if (plain.test(text)) return [{ text, isEscape: false }];
  const found: Piece[] = [];
  let start = 0;
  for (const match of text.matchAll(pattern[kind])) {
    if (match[1] === undefined) continue;
    if (found.length >= mostPieces) break;
    if (match.index > start) found.push({ text: text.slice(start, match.index), isEscape: false });
    found.push({ text: escapes(match[1]), isEscape: true });
    start = match.index + match[1].length;
  }
  const rest = text.slice(start);
  if (rest !== '') found.push({ text: found.length < mostPieces ? rest : visible(rest, kind), isEscape: false });
  return found;
}

/** The same as one string, for places that have no markup: titles and attributes. */
export function visible(text: string, kind: TextKind = 'code'): string {
  if (plain.test(text)) return text;
  return text.replace(pattern[kind], (whole, run: string | undefined) => (run === undefined ? whole : escapes(run)));
}

function escapes(run: string): string {
  return Array.from(run, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const digits = code.toString(16).padStart(4, '0');
    return code > 0xffff ? `\\u{${digits}}` : `\\u${digits}`;
  }).join('');
}
