#!/usr/bin/env python3
"""The page of `live` in headless Chromium, whose camera is a photograph: what it shows, against `predict`.

    cargo build --release --example live --example predict
    python3 .ci/live/run.py --model MODEL --detector DETECTOR --faces DIR [--pictures DIR]
    python3 .ci/live/run.py --model MODEL --detector DETECTOR --faces DIR --frames N

Needs the programs `chromium` and `ffmpeg`. DIR holds astronaut.png (of the package scikit-image) and
grace_hopper.jpg (of the package matplotlib). With --pictures the page is also drawn there, in light
and dark, wide and narrow. With --frames nothing is tested: the page's figures over its last 60 frames are
printed once there were so many. Nothing waits on time: what is waited for happens, or the test fails after a minute.
"""

import argparse
import base64
import csv
import functools
import http.server
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from browser import PATIENCE, Browser

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "target" / "release" / "examples"
# Numbers that are written as text and read again, and JPEG between a photograph and the box in it.
ROUNDING, PIXELS = 1e-5, 3.0
# What two people are apart at least, so that a comparison says something.
APART = 0.01
# Frames that a recording is to have at least.
RECORDED = 12


class Live:
    """The program, from its start to the end of a `with`."""

    def __init__(self, arguments, folder):
        command = [EXAMPLES / "live", "--port", "0", "--model", arguments.model]
        command += ["--detector", arguments.detector, "--record", folder]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            sys.exit(f"live did not start: {self.process.stderr.read()}")

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)


def film(photograph, folder):
    """A camera's film of a photograph at the left of 640x480, and the very picture as a file."""
    camera, picture = folder / f"{photograph.stem}.y4m", folder / f"{photograph.stem}.png"
    fitted = "scale=640:480:force_original_aspect_ratio=decrease,pad=640:480:0:-1,format=yuv420p"
    ffmpeg("-loop", 1, "-i", photograph, "-vf", fitted, "-r", 30, "-frames:v", 30, camera)
    ffmpeg("-i", camera, "-frames:v", 1, picture)
    return camera, picture


def predicted(arguments, picture):
    """What `predict --detect` reads in the first face of a picture."""
    command = [EXAMPLES / "predict", "--detect", "--model", arguments.model, "--detector", arguments.detector]
    done = subprocess.run([*command, "--format", "json", picture], capture_output=True, text=True, check=True)
    return scores(json.loads(done.stdout.splitlines()[0]))


def scores(row):
    """The scores of a row of JSON by the names that the page has for them, and the box."""
    found = {"valence": row["valence"], "arousal": row["arousal"], **row["action_units"]}
    classes = row.get("expression_classes") or AFF_WILD2
    found |= dict(zip(classes, row["expression_probabilities"]))
    return {name: score for name, score in found.items() if score is not None}, row["box"]


AFF_WILD2 = ["Neutral", "Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise", "Other"]

# The scores in the tables of the first person, by name, and the box.
SHOWN = """(() => {
    const card = document.querySelector(".person:not(.away)");
    if (!card) return null;
    const rows = [...card.querySelectorAll("[data-score]")];
    const pairs = rows.map((row) => [row.dataset.score, Number(row.querySelector(".value").dataset.value)]);
    return { scores: Object.fromEntries(pairs), box: card.dataset.box.split(" ").map(Number) };
})()"""

# Keeps what the page sends first, and what its tables show of each frame.
WATCH = """(() => {
    window.watched = [];
    window.sent = null;
    const encode = HTMLCanvasElement.prototype.toBlob;
    HTMLCanvasElement.prototype.toBlob = function (take, ...how) {
        encode.call(this, (blob) => { window.sent ??= blob; take(blob); }, ...how);
    };
    const people = document.getElementById("people");
    new MutationObserver(() => {
        const shown = %s;
        window.watched.push({ frame: Number(people.dataset.frame), time: Number(people.dataset.timestamp), ...shown });
    }).observe(people, { attributeFilter: ["data-timestamp"] });
})()""" % SHOWN

# What was sent first, as text.
SENT = """new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1]);
    reader.readAsDataURL(window.sent);
})"""

# Where the middle of all that is drawn over the picture lies, from 0 at the left to 1; nothing of nothing.
MIDDLE = """(() => {
    const canvas = document.getElementById("overlay");
    const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let count = 0, sum = 0;
    for (let place = 3; place < data.length; place += 4) {
        if (!data[place]) continue;
        count += 1;
        sum += (place >> 2) % canvas.width;
    }
    return count > 500 ? sum / count / canvas.width : null;
})()"""


def furthest(shown, expected):
    assert shown.keys() == expected.keys(), (shown.keys(), expected.keys())
    return max(abs(shown[name] - expected[name]) for name in expected)


def complaints(browser):
    """What the browser says is wrong with the page."""
    thrown = [event for event in browser.events if event["method"] == "Runtime.exceptionThrown"]
    entries = [event for event in browser.events if event["method"] == "Log.entryAdded"]
    thrown += [event for event in entries if event["params"]["entry"]["level"] == "error"]
    return [json.dumps(event["params"])[:400] for event in thrown]


def click(browser, name):
    browser.value(f"document.getElementById('{name}').click()")


def recording(said, rows):
    """That the page says this, and that there are so many rows."""
    text = "document.getElementById('{}').textContent"
    return f"{text.format('recording')}.startsWith('{said}') && parseInt({text.format('rows')}) >= {rows}"


def problem(browser):
    return browser.wait("!document.getElementById('problem').hidden && document.getElementById('problem').textContent")


def reads(arguments, work, camera, picture):
    """Start, the scores, a recording, Stop; then a recording that the closing of the page ends."""
    with Live(arguments, work) as live, Browser(camera) as browser:
        browser.look(1280, 900)
        browser.open(live.address)
        browser.value(WATCH)
        click(browser, "start")
        browser.wait("window.watched.length")
        first(arguments, work, picture, browser)

        click(browser, "record")
        browser.wait(recording("Recording live-1.csv", RECORDED))
        click(browser, "record")
        browser.wait(recording("Recorded live-1.csv", RECORDED))
        compare(work / "live-1.csv", browser.value("window.watched"))
        drawn(browser)
        figures(browser)
        pictures(browser, arguments.pictures)

        click(browser, "record")
        browser.wait(recording("Recording live-2.csv", 3))
        browser.open("about:blank")
        text = (work / "live-2.csv").read_text()
        rows = list(csv.reader(text.splitlines()))
        assert text.endswith("\n") and len(rows) >= 4 and len({len(row) for row in rows}) == 1, text
        assert not complaints(browser), complaints(browser)
        room_for_four(live)

        browser.open(live.address)
        click(browser, "start")
        browser.wait(SHOWN)
        assert live.interrupt() == 0
        assert "program has ended" in problem(browser)
    print("recordings are what the page showed; Ctrl-C ended with exit code 0, and the page said so")


def room_for_four(live):
    """The page that was closed has said so: as many others as may be find room."""
    opened = []
    end = time.monotonic() + PATIENCE
    while len(opened) < 4 and time.monotonic() < end:
        try:
            opened.append(posted(f"{live.address}session")["session"])
        except urllib.error.HTTPError as error:
            assert error.code == 503, error
            time.sleep(0.05)
    assert len(opened) == 4, "the page that was closed still has its place"
    for name in opened:
        posted(f"{live.address}session/{name}/end")


def posted(address):
    with urllib.request.urlopen(urllib.request.Request(address, method="POST"), timeout=PATIENCE) as answer:
        return json.load(answer)


def figures(browser):
    """Prints what the page says of its speed."""
    told = [browser.value(f"document.getElementById('{name}').textContent") for name in ("rate", "latency", "reading")]
    print("frames per second {}, frame to scores {} ms (median), of these reading {} ms".format(*told))


def only_figures(arguments, work, camera):
    with Live(arguments, work) as live, Browser(camera) as browser:
        browser.look(1280, 900)
        browser.open(live.address)
        click(browser, "start")
        browser.wait(f"Number(document.getElementById('people').dataset.frame) >= {arguments.frames}", patience=600)
        figures(browser)


def first(arguments, work, picture, browser):
    """What the page shows of its first frame, with what `predict` reads in the very same."""
    shown = browser.value("window.watched[0]")
    sent = work / "sent.jpg"
    sent.write_bytes(base64.b64decode(browser.value(SENT)))
    expected, box = predicted(arguments, sent)
    other, _ = predicted(arguments, film(arguments.faces / "grace_hopper.jpg", work)[1])
    assert furthest(other, expected) > APART, "two people alike: the comparison would say nothing"
    distance = max(furthest(shown["scores"], expected), *(abs(a - b) for a, b in zip(shown["box"], box)))
    assert shown["frame"] == 0 and distance <= ROUNDING, (shown, expected, box)
    # The camera showed the photograph, and not something that resembles it.
    wanted, place = predicted(arguments, picture)
    apart = max(abs(a - b) for a, b in zip(shown["box"], place))
    assert apart <= PIXELS, (shown, place)
    print(f"the page shows what predict reads in the frame that it sent, within {distance:.1e}; the photograph "
          f"itself: box within {apart:.2f} pixels, scores within {furthest(shown['scores'], wanted):.3f}")


def compare(path, watched):
    """The rows of a recording with what the page showed of the same frames."""
    by_frame = {shown["frame"]: shown for shown in watched}
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= RECORDED
    compared = 0
    for row in rows:
        shown = by_frame.get(int(row["frame"]))
        # The first and the last may be recorded while the page is at another.
        if shown is None:
            continue
        compared += 1
        assert float(row["timestamp"]) == shown["time"], row
        found = {name: float(row[name]) for name in shown["scores"]}
        assert furthest(found, shown["scores"]) < 1e-6, (row, shown)
        assert [float(row[name]) for name in ("x", "y", "width", "height")] == shown["box"], (row, shown)
    assert compared >= RECORDED - 2, (compared, len(rows))


def drawn(browser):
    """What is drawn lies where the face is: at the left, and at the right of a mirrored picture."""
    browser.wait(f"{MIDDLE} > 0.55")
    click(browser, "mirror")
    assert not browser.value("document.getElementById('video').classList.contains('mirrored')")
    browser.wait(f"{MIDDLE} < 0.5 && {MIDDLE} > 0")
    click(browser, "mirror")
    browser.wait(f"{MIDDLE} > 0.55")


def pictures(browser, folder):
    if not folder:
        return
    folder.mkdir(parents=True, exist_ok=True)
    # For the timeline to have something in it.
    browser.wait("Number(document.getElementById('people').dataset.timestamp) > 20")
    for width, height, name in [(1400, 1000, "wide"), (390, 900, "narrow"), (768, 1024, "middle")]:
        for dark in (False, True):
            browser.look(width, height, dark)
            assert browser.value("document.documentElement.scrollWidth <= innerWidth"), f"too wide for {width}"
            frame = browser.value("document.getElementById('people').dataset.frame")
            browser.wait(f"Number(document.getElementById('people').dataset.frame) > {frame} + 2")
            browser.picture(folder / f"live-{name}-{'dark' if dark else 'light'}.png")
    browser.look(1280, 900)


def without_camera(arguments, work, camera):
    """No camera, and one that is not allowed, are said."""
    with Live(arguments, work) as live:
        for given, flags, words in [
            (None, (), "There is no camera"),
            (camera, ("--deny-permission-prompts",), "did not give this page the camera"),
        ]:
            with Browser(given, allow=False, flags=flags) as browser:
                browser.open(live.address)
                click(browser, "start")
                assert words in problem(browser), problem(browser)
                assert not browser.value("document.getElementById('start').disabled")
    print("no camera, and one that is not allowed, are said")


class Elsewhere(http.server.SimpleHTTPRequestHandler):
    """Another program's page."""

    def log_message(self, *_):
        pass


def foreign(arguments, work):
    """Another page, and this page under another name, get nothing even if they know the address."""
    with tempfile.TemporaryDirectory() as empty, Live(arguments, work) as live:
        elsewhere = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Elsewhere, directory=empty))
        threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
        with Browser(flags=("--host-resolver-rules=MAP evil.example 127.0.0.1",)) as browser:
            port = elsewhere.server_address[1]
            for page in (f"http://127.0.0.1:{port}/", f"http://evil.example:{port}/"):
                browser.open(page)
                browser.events.clear()
                asked = f"fetch('{live.address}session', {{method: 'POST', mode: 'no-cors'}}).then(() => true, () => false)"
                assert not browser.value(asked), "the page was answered"
                assert statuses(browser, live.address) == {403}, browser.events
            browser.events.clear()
            browser.open(live.address.replace("127.0.0.1", "evil.example"))
            assert browser.value("JSON.parse(document.body.innerText).error.reason") == "host"
        elsewhere.shutdown()
        elsewhere.server_close()
    print("other pages, and other names for this machine, are refused")


def statuses(browser, address):
    """How requests to the address were answered, whether or not the page was told."""
    # What came before the last answer has been received with it.
    browser.value("1")
    told = [(event["method"], event["params"]) for event in browser.events]
    asked = {said["requestId"] for method, said in told
             if method == "Network.requestWillBeSent" and said["request"]["url"].startswith(address)}
    return {said["statusCode"] for method, said in told
            if method == "Network.responseReceivedExtraInfo" and said["requestId"] in asked}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("model", "detector", "faces"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--pictures", type=pathlib.Path)
    parser.add_argument("--frames", type=int)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        camera, picture = film(arguments.faces / "astronaut.png", work)
        if arguments.frames:
            return only_figures(arguments, work, camera)
        reads(arguments, work, camera, picture)
        without_camera(arguments, work, camera)
        foreign(arguments, work)


if __name__ == "__main__":
    main()
