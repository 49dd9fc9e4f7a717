"""Writes static/js/chat/protocol.d.ts from chat/socket/protocol.py, for the type checks of the browser's modules."""

from pathlib import Path
from typing import Any, get_args

from django.conf import settings
from django.core.management.base import BaseCommand
from pydantic import BaseModel, TypeAdapter

from chat.models import NoticeKind
from chat.socket import protocol

PATH = Path("static/js/chat/protocol.d.ts")
_HEADER = "// Made by `manage.py protocol_types` from chat/socket/protocol.py; a test compares.\n"
_TYPES = {"string": "string", "integer": "number", "boolean": "boolean", "null": "null"}


def declarations() -> str:
    """The TypeScript declarations of every frame, and of the unions ClientFrame and ServerFrame."""
    parts = [_HEADER]
    parts += [_interface(model) for model in (protocol.UsageShown, protocol.Timing, protocol.Resource)]
    parts.append(_interface(protocol.MessageShown))
    kinds = " | ".join(f'"{kind}"' for kind in NoticeKind)
    parts.append(f"export type NoticeKind = {kinds};\n")
    for union, name in ((protocol.ClientFrame, "ClientFrame"), (protocol.ServerFrame, "ServerFrame")):
        members = get_args(get_args(union)[0])
        parts += [_interface(member) for member in members]
        parts.append(f"export type {name} =\n" + "\n".join(f"  | {member.__name__}" for member in members) + ";\n")
    return "\n".join(parts)


def _interface(model: type[BaseModel]) -> str:
    schema = TypeAdapter(model).json_schema(ref_template="{model}", mode="serialization")
    fields = [f"  {name}: {_type(field)};" for name, field in schema["properties"].items()]
    return f"export interface {model.__name__} {{\n" + "\n".join(fields) + "\n}\n"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"])
    if "const" in schema:
        return f'"{schema["const"]}"'
    if "enum" in schema:
        return " | ".join(f'"{value}"' for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_type(option) for option in schema["anyOf"])
    if schema["type"] == "array":
        return f"{_type(schema['items'])}[]"
    return _TYPES[schema["type"]]


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        (settings.BASE_DIR / PATH).write_text(declarations(), encoding="utf-8")
        self.stdout.write(str(PATH))
