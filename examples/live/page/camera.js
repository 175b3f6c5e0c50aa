// The camera, and its pictures as JPEG.

const WISHED = { width: { ideal: 640 }, height: { ideal: 480 } };
// What is sent is no wider, whatever the camera gives.
const WIDEST = 640;
// JPEG takes some 6 ms to make and as long to send; raw pixels take 3 ms to make and ten times as long to
// send. At this quality a face's pixels are off by less than 2 of 255.
const QUALITY = 0.95;

/** Why there is no picture, in words for people. */
export function explained(error) {
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "The browser did not give this page the camera. Allow it beside the address, then press Start.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "There is no camera, or the chosen one is gone. Connect one, then press Start.";
    case "NotReadableError":
    case "AbortError":
      return "The camera cannot be read; another program may be using it.";
    default:
      return error.message || String(error);
  }
}

/** The cameras there are; they have names once one was allowed. */
export async function cameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((device) => device.kind === "videoinput" && device.deviceId);
}

/** A camera that runs. */
export class Camera {
  /** Shows the camera of this id, or any, in `video`; `lost` is called when it is unplugged. */
  static async open(video, id, lost) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error("This browser gives no page the camera, or not at this address: it must begin with " +
        "http://127.0.0.1 or http://localhost.");
    }
    const wished = id ? { ...WISHED, deviceId: { exact: id } } : WISHED;
    const stream = await navigator.mediaDevices.getUserMedia({ video: wished });
    for (const track of stream.getVideoTracks()) track.addEventListener("ended", lost);
    video.srcObject = stream;
    await video.play();
    return new Camera(video, stream);
  }

  constructor(video, stream) {
    this.video = video;
    this.stream = stream;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    // When the newest picture was taken and the last one that was given, and who waits for the next.
    this.newest = this.given = -Infinity;
    this.waiting = null;
    this.#watch();
  }

  /** Hears of each picture that the camera gives. */
  #watch() {
    const taken = (now, { captureTime } = {}) => {
      if (!this.video.srcObject) return;
      this.newest = Math.max(this.newest, captureTime ?? now);
      this.waiting?.();
      this.#watch();
    };
    if (this.video.requestVideoFrameCallback) {
      this.video.requestVideoFrameCallback(taken);
    } else {
      requestAnimationFrame((now) => taken(now));
    }
  }

  /** The id of the camera. */
  get id() {
    return this.stream.getVideoTracks()[0]?.getSettings().deviceId ?? "";
  }

  /** Waits for a picture that was not given yet, and says when it was taken, in milliseconds of the page. */
  async next() {
    while (this.newest <= this.given) await new Promise((heard) => (this.waiting = heard));
    this.given = this.newest;
    return this.given;
  }

  /** The picture that is shown. */
  jpeg() {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, WIDEST / videoWidth);
    const width = Math.round(videoWidth * scale);
    const height = Math.round(videoHeight * scale);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.context.drawImage(this.video, 0, 0, width, height);
    return new Promise((made, failed) => {
      const take = (blob) => (blob ? made(blob) : failed(new Error("The browser makes no JPEG of the picture.")));
      this.canvas.toBlob(take, "image/jpeg", QUALITY);
    });
  }

  close() {
    for (const track of this.stream.getTracks()) track.stop();
    this.video.srcObject = null;
    this.newest = Infinity;
    this.waiting?.();
  }
}
