"""A host for Dayfly's bundles in Python:  host.py <bundle> <props>

Prints the page and the console's lines as one JSON value.
"""

import json
import pathlib
import sys
import time

from wasmtime import Engine, Store
from wasmtime.component import Component, Linker, Record

CONTRACT = "dayfly:sandbox/{}@0.1.0"


class Console:
    """Keeps what the guest writes."""

    def __init__(self):
        self.lines = []

    def write(self, _store, level, text, depth, at):
        site = at and {"file": at.file, "line": at.line, "column": at.column}
        self.lines.append({"level": level, "text": text, "depth": depth, "at": site})


def refuse_call(_store, _request):
    """What this host says to every call: it makes none."""
    error = Record()
    error.kind = "not-allowed"
    error.message = "this host makes no calls"
    return error


def render(bundle, props):
    console = Console()
    imports = {
        "console": {"write": console.write},
        "clock": {
            "now": lambda _store: time.time_ns(),
            "sleep": lambda _store, nanoseconds: time.sleep(nanoseconds / 1e9),
        },
        # Always the same, so that the two foreign hosts can be compared.
        "random": {"seed": lambda _store: 42},
        # For apps that answer requests; this host renders.
        "response": {
            "start": lambda _store, status, headers: None,
            "write": lambda _store, chunk: False,
            "finish": lambda _store: None,
        },
        "outgoing": {
            "room": lambda _store: 1 << 20,
            "start": refuse_call,
            "read": lambda _store, call: None,
            "decoded": lambda _store, call, size: None,
            "cancel": lambda _store, call: None,
            "wait": lambda _store, nanoseconds: None,
        },
    }
    engine = Engine()
    linker = Linker(engine)
    with linker.root() as root:
        for interface, functions in imports.items():
            with root.add_instance(CONTRACT.format(interface)) as instance:
                for name, function in functions.items():
                    instance.add_func(name, function)
    store = Store(engine)
    instance = linker.instantiate(store, Component(engine, bundle))
    renderer = instance.get_export_index(store, CONTRACT.format("renderer"))
    function = instance.get_func(store, instance.get_export_index(store, "render", renderer))
    return function(store, props, None), console.lines


def shown(value):
    """A failure for a reader: variants and records by their fields."""
    return json.dumps(value, default=vars, ensure_ascii=False)


def main():
    bundle, props = map(pathlib.Path, sys.argv[1:])
    result, lines = render(bundle.read_bytes(), props.read_text(encoding="utf-8"))
    if not isinstance(result, str):
        sys.exit(f"no page of text: {shown(result)}")
    print(json.dumps({"page": result, "console": lines}))


main()
