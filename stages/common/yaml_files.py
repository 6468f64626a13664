"""YAML 1.2, as DVC reads it: `1e-4` is a number, `no` is a word."""

import re
from pathlib import Path
from typing import Any

import yaml

# The core schema, https://yaml.org/spec/1.2.2/#103-core-schema, without octal and hexadecimal
# numbers, and with `1_000`, as ruamel.yaml has it. PyYAML's own patterns are those of YAML 1.1.
_SCALARS = {
    "merge": (r"<<", ["<"]),
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9][0-9_]*", list("-+0123456789")),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a duplicate key, of which PyYAML would take the last one."""
        nodes = [key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        keys = [self.construct_object(key) for key in nodes]
        for number, key in enumerate(keys):
            if key in keys[:number]:
                mark = nodes[number].start_mark
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", mark)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012


for _name, (_pattern, _first) in _SCALARS.items():
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(
            f"tag:yaml.org,2002:{_name}", re.compile(rf"^(?:{_pattern})$"), _first
        )
# To PyYAML, 010 is 8.
_Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(str(node.value)))


def read(path: str | Path) -> Any:
    """Read a YAML file; raise what `parse` does."""
    return parse(Path(path).read_text(encoding="utf-8"))


def parse(text: str) -> Any:
    """Parse YAML with the safe loader: nothing in it is run as code.

    Raises:
        yaml.YAMLError: if it is not valid, or has a duplicate key.
    """
    try:
        return yaml.load(text, _Loader)
    except (AttributeError, ValueError) as error:  # a value that is not of its tag
        raise yaml.YAMLError(str(error)) from None


def dump(values: Any) -> str:
    """Return values as YAML text; lists and mappings of plain values stay on one line."""
    return yaml.dump(values, Dumper=_Dumper, default_flow_style=None, sort_keys=False, width=1000)
