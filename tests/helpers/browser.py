"""Pages in a real browser. It needs Chromium (Debian's package `chromium`)."""

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import NamedTuple

from playwright.sync_api import sync_playwright

from tests.helpers.project import Project


def chromium():
    """Return the path of Chromium or Chrome, or `None` where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@contextmanager
def running_browser(*more):
    """Start a headless Chromium.

    Args:
        more: arguments of its command line.

    Yields:
        Playwright's browser.
    """
    arguments = ["--disable-background-networking", *more]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox refuses root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield browser
        browser.close()


def seconds_to_open(path):
    """Return the seconds until a page is completely loaded."""
    with running_browser() as browser:
        page = browser.new_page()
        start = time.perf_counter()
        page.goto(path.as_uri(), wait_until="load")
        return time.perf_counter() - start


class App(NamedTuple):
    """The running page of `python -m app`: its process, its port, and the first line it prints."""

    process: subprocess.Popen
    port: int
    line: str


@contextmanager
def running_app(folder, **environment):
    """Run `python -m app`.

    Args:
        folder: of the project.
        environment: more environment variables.

    Yields:
        The `App`; Ctrl-C stops it afterwards.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["python", "-m", "app", "--no-browser", "--port", str(port)],
        cwd=folder, env=Project(folder).environment() | environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield App(process, port, process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        finally:
            process.kill()
