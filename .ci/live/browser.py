"""Headless Chromium, spoken to through the pipe of its DevTools protocol: no driver, no port, no package."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time

# Long, since a machine may be busy: nothing waits for it that goes well.
PATIENCE = 60.0


def above_the_first(descriptor):
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved


class Browser:
    """A Chromium whose camera plays the video `camera`, or which has none; with one page."""

    def __init__(self, camera=None, allow=True, flags=()):
        self.profile = tempfile.TemporaryDirectory(prefix="chromium-")
        program = shutil.which("chromium") or shutil.which("chromium-browser") or "google-chrome"
        command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                   "--no-first-run", "--remote-debugging-pipe", f"--user-data-dir={self.profile.name}",
                   "--disable-background-networking", "--disable-component-update", *flags]
        if camera:
            command += ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={camera}"]
        if allow:
            command.append("--use-fake-ui-for-media-stream")
        # Chromium reads commands from its descriptor 3 and writes to 4, which the pipes' own must not be.
        command_read, self.commands = map(above_the_first, os.pipe())
        self.answers, answer_write = map(above_the_first, os.pipe())
        script = f'exec "$@" 3<&{command_read} 4>&{answer_write} {command_read}<&- {answer_write}>&-'
        self.process = subprocess.Popen(
            ["bash", "-c", script, "bash", *command, "about:blank"],
            pass_fds=(command_read, answer_write),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(command_read)
        os.close(answer_write)
        self.received = b""
        self.number = 0
        self.events = []
        self.page = None
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(target for target in targets if target["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self.page = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        """One command of the protocol, and its result; events that come meanwhile are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.page:
            message["sessionId"] = self.page
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def _receive(self):
        while b"\0" not in self.received:
            part = os.read(self.answers, 1 << 20)
            if not part:
                raise RuntimeError("the browser ended")
            self.received += part
        message, _, self.received = self.received.partition(b"\0")
        return json.loads(message)

    def open(self, address):
        failed = self.call("Page.navigate", url=address).get("errorText")
        if failed:
            raise RuntimeError(f"{address}: {failed}")
        self.wait("document.readyState === 'complete'")

    def value(self, script):
        """What `script` is in the page; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, script, patience=PATIENCE):
        """Waits until `script` is true in the page, and returns what it is."""
        end = time.monotonic() + patience
        while not (found := self.value(script)):
            if time.monotonic() > end:
                shown = self.value("document.body.innerText")
                raise AssertionError(f"not within {patience:.0f} s: {script}; the page shows:\n{shown}")
            time.sleep(0.05)
        return found

    def look(self, width, height, dark=False):
        """The window's size, and whether it asks for dark colours."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setScrollbarsHidden", hidden=True)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path):
        """A PNG of the whole page."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))

    def close(self):
        try:
            self.page = None
            self.call("Browser.close")
        except (RuntimeError, OSError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        shutil.rmtree(self.profile.name, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
