"""Reads as much of HCL as a check of names needs: blocks, attributes, and the words of expressions. Evaluates nothing.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

import re
from typing import List, NamedTuple, Union


class Token(NamedTuple):
    """`kind` is word, text (of a template, without its interpolations), newline or mark."""

    kind: str
    value: str
    line: int


class Attribute(NamedTuple):
    name: str
    line: int
    expression: List[Token]


class Block(NamedTuple):
    name: str
    line: int
    labels: List[str]
    body: List[Union[Attribute, "Block"]]

    def blocks(self, name):
        return [item for item in self.body if isinstance(item, Block) and item.name == name]

    def attributes(self):
        return {item.name: item for item in self.body if isinstance(item, Attribute)}


class Malformed(Exception):
    """What cannot be read, with its line."""


OPEN, CLOSE = "([{", ")]}"
LEXEME = re.compile(
    r"""(?P<space>[ \t\r]+|(?:\#|//)[^\n]*|/\*.*?\*/)
      | (?P<newline>\n)
      | (?P<heredoc><<-?(?P<end>\w+)\n)
      | (?P<quote>")
      | (?P<word>[A-Za-z_][\w-]*|[0-9][\w.]*)
      | (?P<mark>\.\.\.|=>|==|!=|<=|>=|&&|\|\||.)""",
    re.VERBOSE | re.DOTALL,
)


def parse(source):
    """The blocks and attributes of a file."""
    tokens = list(lex(source))
    body, rest = parse_body(tokens, 0)
    if rest < len(tokens):
        raise Malformed(f"line {tokens[rest].line}: an unexpected `{tokens[rest].value}`")
    return Block("", 1, [], body)


def words(expression):
    """The names in an expression that have dots in them, `a.b[0].c` as `["a", "b", "c"]`, each with its line."""
    at = 0
    while at < len(expression):
        token = expression[at]
        at += 1
        if token.kind != "word":
            continue
        path = [token.value]
        while at < len(expression):
            if expression[at].value == "[" and expression[at].kind == "mark" and expression[at - 1].kind != "newline":
                inner = at + 1
                at = closing(expression, at) + 1
                yield from words(expression[inner : at - 1])
            elif expression[at].value == "." and at + 1 < len(expression):
                if expression[at + 1].value != "*":
                    path.append(expression[at + 1].value)
                at += 2
            else:
                break
        yield path, token.line


def closing(tokens, at):
    depth = 0
    for index in range(at, len(tokens)):
        if tokens[index].kind == "mark":
            depth += (tokens[index].value in OPEN) - (tokens[index].value in CLOSE)
        if depth == 0:
            return index
    raise Malformed(f"line {tokens[at].line}: `{tokens[at].value}` is never closed")


def parse_body(tokens, at):
    body = []
    while at < len(tokens) and tokens[at].value != "}":
        token = tokens[at]
        if token.kind == "newline":
            at += 1
            continue
        if token.kind != "word":
            raise Malformed(f"line {token.line}: a name is expected, not `{token.value}`")
        at += 1
        if at < len(tokens) and tokens[at].value == "=":
            start, at = at + 1, end_of_expression(tokens, at + 1)
            body.append(Attribute(token.value, token.line, tokens[start:at]))
            continue
        labels = []
        while at < len(tokens) and tokens[at].kind in ("text", "word"):
            labels.append(tokens[at].value)
            at += 1
        if at >= len(tokens) or tokens[at].value != "{":
            raise Malformed(f"line {token.line}: `{token.value}` is neither a block nor an attribute")
        inner, at = parse_body(tokens, at + 1)
        if at >= len(tokens):
            raise Malformed(f"line {token.line}: the block `{token.value}` is never closed")
        body.append(Block(token.value, token.line, labels, inner))
        at += 1
    return body, at


def end_of_expression(tokens, at):
    while at < len(tokens) and tokens[at].kind != "newline" and tokens[at].value != "}":
        is_open = tokens[at].kind == "mark" and tokens[at].value in OPEN
        at = (closing(tokens, at) if is_open else at) + 1
    return at


def lex(source, line=1):
    at = 0
    while at < len(source):
        found = LEXEME.match(source, at)
        kind, text = found.lastgroup, found.group()
        at = found.end()
        if kind == "quote":
            at, tokens = lex_template(source, at, '"', line)
            yield from tokens
        elif kind in ("heredoc", "end"):
            ending = re.compile(r"^[ \t]*" + found.group("end") + r"\b", re.MULTILINE).search(source, at)
            if not ending:
                raise Malformed(f"line {line}: the text <<{found.group('end')} never ends")
            _, tokens = lex_template(source[: ending.start()], at, None, line + 1)
            yield from tokens
            text, at = source[found.start() : ending.end()], ending.end()
        elif kind != "space":
            yield Token(kind, text, line)
        line += source.count("\n", found.start(), at)


def lex_template(source, at, end, line):
    """A text up to `end`, as its literal part and the tokens of its interpolations in parentheses."""
    begin, literal, tokens = at, [], []
    while at < len(source) and source[at] != end:
        if source.startswith(("$${", "%%{"), at):
            literal.append(source[at : at + 3])
            at += 3
        elif source.startswith(("${", "%{"), at):
            start = at + 2
            at = end_of_interpolation(source, start, line)
            here = line + source.count("\n", begin, start)
            inner = source[start:at].strip("~")
            tokens += [Token("mark", "(", here), *lex(inner, here), Token("mark", ")", here)]
            at += 1
        else:
            step = 2 if source[at] == "\\" and end else 1
            literal.append(source[at : at + step])
            at += step
    if end and at >= len(source):
        raise Malformed(f"line {line}: a text never ends")
    return at + 1, [Token("text", "".join(literal), line), *tokens]


def end_of_interpolation(source, at, line):
    depth = 1
    while at < len(source):
        if source[at] == '"':
            at, _ = lex_template(source, at + 1, '"', line)
            continue
        depth += (source[at] == "{") - (source[at] == "}")
        if depth == 0:
            return at
        at += 1
    raise Malformed(f"line {line}: an interpolation never ends")
