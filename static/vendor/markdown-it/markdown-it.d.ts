// The parts of markdown-it 15.0.3 that static/js/chat/formatting.js uses.

export interface Token {
  type: string;
  tag: string;
  nesting: -1 | 0 | 1;
  content: string;
  hidden: boolean;
  children: Token[] | null;
  attrGet(name: string): string | null;
}

export interface Delimiters {
  can_open: boolean;
  can_close: boolean;
  length: number;
}

export class StateInline {
  src: string;
  scanDelims(start: number, canSplitWord: boolean): Delimiters;
}

export default class MarkdownIt {
  constructor(preset: "zero", options: { breaks: boolean; maxNesting: number });
  inline: { State: typeof StateInline };
  enable(rules: string[]): this;
  parse(source: string, environment: object): Token[];
}
