import json
import subprocess
import sys


def test_import_loads_no_torch():
    code = "import slmkit, slmkit.tasks, slmkit.benchmarks, sys, json; print(json.dumps(sorted(sys.modules)))"
    modules = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert not {"torch", "pandas", "sklearn", "spacy", "tokenizers"} & set(modules)


def test_floors_import_downwards_only():
    import ast
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    above = {"slmkit": ("slmkit.tasks", "slmkit.benchmarks"), "tasks": ("slmkit.benchmarks",)}
    for floor, banned in above.items():
        for path in (root / floor).rglob("*.py"):
            if floor == "slmkit" and path.relative_to(root / floor).parts[0] in ("tasks", "benchmarks"):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not [n for n in names if n.startswith(banned)], path
