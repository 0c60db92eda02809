"""Prints what CPython's own parser sees in the files named on standard input, one line an item, for `tests/python_trees.rs` to compare with."""

import ast
import sys

OPERATORS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}
SAME = {"Nonlocal": "Global", "TryStar": "Try", "Pass": "Nothing", "Break": "Nothing", "Continue": "Nothing"}


def is_prose(node):
    """A string without holes as a statement: of those only the place is kept."""
    value = node.value if isinstance(node, ast.Expr) else None
    if isinstance(value, ast.JoinedStr):
        return all(isinstance(v, ast.Constant) for v in value.values)
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def shown(text):
    """Text on one line, ASCII only; lone surrogates as what Rust can hold."""
    return "".join(c if 32 <= ord(c) < 127 and c != "\\" else "\\%x;" % (0xFFFD if 0xD800 <= ord(c) < 0xE000 else ord(c)) for c in text)


class Printer(ast.NodeVisitor):
    def __init__(self, data):
        self.data = data
        self.lines = [0]
        for n, byte in enumerate(data):
            if byte == 10 or (byte == 13 and data[n + 1 : n + 2] != b"\n"):
                self.lines.append(n + 1)

    def start(self, node):
        return self.lines[node.lineno - 1] + node.col_offset

    def end(self, node):
        return self.lines[node.end_lineno - 1] + node.end_col_offset

    def string(self, letter, node, text):
        # Rust would need Unicode's list of names.
        named = b"\\N{" in self.data[self.start(node) : self.end(node)]
        print(letter, self.start(node), "named" if named else text)

    def visit_Name(self, node):
        print("name", self.start(node), node.id)

    def visit_Attribute(self, node):
        print("attribute", self.end(node) - len(node.attr.encode()), node.attr)
        self.generic_visit(node)

    def visit_Constant(self, node):
        if isinstance(node.value, str):
            self.string("string", node, shown(node.value))
        elif isinstance(node.value, bytes):
            print("bytes", self.start(node))
        elif isinstance(node.value, int) and not isinstance(node.value, bool) and -(2**63) <= node.value < 2**63:
            print("int", self.start(node), node.value)

    def visit_JoinedStr(self, node):
        constant = [isinstance(v, ast.Constant) for v in node.values]
        parts = [shown(v.value) if c else "{}" for v, c in zip(node.values, constant)]
        self.string("string" if all(constant) else "fstring", node, ("" if all(constant) else "|").join(parts))
        # Places inside holes are right since 3.12.
        if sys.version_info >= (3, 12):
            for value in node.values:
                if isinstance(value, ast.FormattedValue):
                    self.visit(value.value)

    def visit_Call(self, node):
        print("call", self.start(node), self.end(node))
        self.keywords(node)
        self.generic_visit(node)

    def keywords(self, node):
        for keyword in node.keywords:
            if keyword.arg:
                print("keyword", self.start(keyword), keyword.arg)

    def visit_Dict(self, node):
        print("dict", self.start(node), len(node.keys))
        self.generic_visit(node)

    def visit_List(self, node):
        print("list", self.start(node), len(node.elts))
        self.generic_visit(node)

    def visit_Compare(self, node):
        print("compare", ",".join(OPERATORS[type(o)] for o in node.ops))
        self.generic_visit(node)

    def visit_Slice(self, node):
        pass

    def visit_arg(self, node):
        print("parameter", self.start(node), node.arg)
        self.generic_visit(node)

    def visit_match_case(self, node):
        pattern = node.pattern
        while isinstance(pattern, ast.MatchAs) and pattern.pattern:
            pattern = pattern.pattern
        if isinstance(pattern, ast.MatchClass):
            self.visit(pattern.cls)
        for child in [node.guard, *node.body]:
            if child:
                self.visit(child)

    def visit(self, node):
        if isinstance(node, ast.stmt):
            self.statement(node)
        if hasattr(node, "type_params"):
            node.type_params = []
        if is_prose(node):
            return
        # Of these two only the first part is kept.
        if isinstance(node, ast.Assert):
            self.visit(node.test)
        elif isinstance(node, ast.Raise):
            if node.exc:
                self.visit(node.exc)
        else:
            super().visit(node)

    def statement(self, node):
        kind = "Prose" if is_prose(node) else type(node).__name__.replace("Async", "")
        start = self.start(node)
        if getattr(node, "decorator_list", None):
            start = self.data.rfind(b"@", 0, self.start(node.decorator_list[0]))
        print("statement", start, SAME.get(kind, kind))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            print("defined", node.name)
        if isinstance(node, ast.ClassDef):
            self.keywords(node)
        if isinstance(node, ast.Import):
            for name in node.names:
                print("import", name.name, name.asname or "-")
        if isinstance(node, ast.ImportFrom):
            for name in node.names:
                print("import", node.level, node.module or "-", name.name, name.asname or "-")
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            print("global", *node.names)
        if isinstance(node, ast.Try):
            for handler in node.handlers:
                print("handler", handler.name or "-")


print("version", *sys.version_info[:2])
sys.setrecursionlimit(20_000)
for path in sys.stdin.read().splitlines():
    with open(path, "rb") as file:
        data = file.read()
    try:
        data.decode()
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError):
        continue
    print("file", path)
    Printer(data).visit(tree)
