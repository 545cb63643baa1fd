"""Every example of the documentation runs as it stands, on the shipped weights, and prints what the page says."""

import contextlib
import io
import re
import shlex
import shutil

import pytest
from pages import PAGES, ROOT, blocks, name

from slmkit.benchmarks.datasets import REGISTRY
from slmkit.tasks import cli

README = ROOT / "README.md"
WITH_EXAMPLES = [page for page in [README, *PAGES] if any(b.kind in ("python", "bash") for b in blocks(page))]


@pytest.fixture
def _tidy(tmp_path, monkeypatch):
    """An empty folder to work in, and the registry as it was."""
    pytest.importorskip("dask.dataframe")
    pytest.importorskip("ladybug")
    pytest.importorskip("rapidfuzz")
    monkeypatch.chdir(tmp_path)
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)
    shutil.rmtree(tmp_path)  # an exported core takes hundreds of megabytes


def printed(code):
    """What a block says that it prints; None where it says nothing. An ellipsis stands for any text of a line."""
    told = re.findall(r"^# → (.*)$", code, re.MULTILINE)
    return "\n".join(re.escape(line).replace("…", ".*") for line in told) if told else None


def run_python(block, place, names):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile("\n" * (block.line - 1) + block.code, place, "exec"), names)
    expected, got = printed(block.code), "\n".join(line.rstrip() for line in out.getvalue().rstrip().split("\n"))
    if expected is not None:
        assert re.fullmatch(expected, got), f"{place}, line {block.line} prints:\n{got}"


def run_commands(block, place):
    for line in block.code.replace("\\\n", " ").splitlines():
        command, *arguments = shlex.split(line, comments=True) or [""]
        if not command:
            continue
        assert command == "slmkit", f"{place}, line {block.line}: only slmkit is run here, not {command}"
        with contextlib.redirect_stdout(io.StringIO()), pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert ended.value.code == 0, f"{place}: {line}"


@pytest.mark.weights
@pytest.mark.usefixtures("_tidy")
@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name)
def test_examples_of_a_page_run(page):
    names = {"__name__": "page"}
    for block in blocks(page):
        if block.kind == "python" and block.why_not is None:
            run_python(block, name(page), names)
        elif block.kind == "bash" and block.why_not is None and page != README:
            run_commands(block, name(page))


def test_every_task_has_a_page_with_an_example():
    for page in (ROOT / "docs" / "tasks").glob("*.md"):
        assert any(b.kind == "python" and b.why_not is None for b in blocks(page)), page


def test_an_output_that_differs_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("x\n\n```python\nprint(1 + 1)\n# → 3\n```\n\n<!-- not run: it fails -->\n```python\n1 / 0\n```\n")
    wrong, left_out = blocks(page)
    assert (wrong.line, left_out.why_not) == (4, "it fails")
    with pytest.raises(AssertionError, match="line 4 prints"):
        run_python(wrong, "page.md", {})


def test_an_ellipsis_stands_for_what_differs_between_machines(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nprint('0.1234', 'b')\n# → 0.1… b\n```\n")
    run_python(blocks(page)[0], "page.md", {})
