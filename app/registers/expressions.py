"""The small language of the registers' definitions: `due_on < today and not returned_on`. Pure.

Names are fields, `today`, `approved`, `number`; functions are given by the caller. What is not filled in is None:
compared by size it is false, calculated with it stays None. Nothing else of Python can be said.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_SIZES: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_SUMS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class ExpressionError(ValueError):
    """The text is no expression of this language; says where and why."""


@dataclass(frozen=True)
class Expression:
    """A read expression: `names` are what it asks for, `calls` the functions it uses."""

    text: str
    tree: ast.expr
    names: frozenset[str]
    calls: frozenset[str]

    def value(self, names: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> Any:
        """What the expression says of these names. A comparison of things that have no order is false."""
        return _value(self.tree, names, functions)


def read(text: str) -> Expression:
    """Read an expression. ExpressionError for anything that the language does not have."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"{text!r}: {error.msg}") from None
    names: set[str] = set()
    calls: set[str] = set()
    _look(tree, text, names, calls)
    return Expression(text, tree, frozenset(names), frozenset(calls))


def _look(node: ast.expr, text: str, names: set[str], calls: set[str]) -> None:
    """Refuse what the language does not have, before any value is there."""
    match node:
        case ast.Constant(value=str() | int() | float() | bool() | None):
            return
        case ast.Name(id=name):
            names.add(name)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            calls.add(name)
            for argument in arguments:
                _look(argument, text, names, calls)
        case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                _look(part, text, names, calls)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=part):
            _look(part, text, names, calls)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SUMS:
            _look(left, text, names, calls)
            _look(right, text, names, calls)
        case ast.Compare(left=left, ops=ops, comparators=rest) if all(
            isinstance(op, (*_SIZES, ast.Eq, ast.NotEq, ast.In, ast.NotIn)) for op in ops
        ):
            for part in (left, *rest):
                _look(part, text, names, calls)
        case _:
            raise ExpressionError(f"{text!r}: {ast.unparse(node)} is not of the language")


def _value(node: ast.expr, names: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return names[name]
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return functions[name](*(_value(argument, names, functions) for argument in arguments))
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return [_value(part, names, functions) for part in parts]
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_value(part, names, functions) for part in parts)
        case ast.BoolOp(values=parts):
            return any(_value(part, names, functions) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return not _value(part, names, functions)
        case ast.UnaryOp(operand=part):
            value = _value(part, names, functions)
            return None if value is None else -value
        case ast.BinOp(left=left, op=op, right=right):
            return _sum(type(op), _value(left, names, functions), _value(right, names, functions))
        case ast.Compare(left=left, ops=ops, comparators=rest):
            return _compared(_value(left, names, functions), ops, [_value(part, names, functions) for part in rest])
    raise ExpressionError(ast.unparse(node))


def _sum(kind: type[ast.operator], left: Any, right: Any) -> Any:
    if left is None or right is None or (kind is ast.Div and not right):
        return None
    return _SUMS[kind](left, right)


def _compared(left: Any, ops: list[ast.cmpop], rest: list[Any]) -> bool:
    for op, right in zip(ops, rest, strict=True):
        if not _pair(op, left, right):
            return False
        left = right
    return True


def _pair(op: ast.cmpop, left: Any, right: Any) -> bool:
    if isinstance(op, ast.Eq):
        return bool(left == right)
    if isinstance(op, ast.NotEq):
        return bool(left != right)
    if isinstance(op, ast.In | ast.NotIn):
        inside = left is not None and right is not None and left in right
        return inside if isinstance(op, ast.In) else not inside
    if left is None or right is None:
        return False
    try:
        return _SIZES[type(op)](left, right)
    except TypeError:
        return False
