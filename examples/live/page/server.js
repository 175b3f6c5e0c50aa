// The program that serves this page. Addresses are relative, so that they hold the page's secret.

/** A request that was refused, with the reason that the program gives. */
export class Refused extends Error {
  constructor({ reason, message }) {
    super(message);
    this.reason = reason;
  }
}

/** The program does not answer: it was ended. */
export class Gone extends Error {}

async function asked(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    throw new Gone("The program has ended. Start it again, and open the address that it prints.");
  }
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer.error);
  return answer;
}

const post = (path, body) =>
  asked(path, { method: "POST", body, headers: body ? { "content-type": "image/jpeg" } : {} });

/** What the model reads. */
export const model = () => asked("model");

/** One time at the camera, from Start to Stop. */
export class Session {
  static async open() {
    const { session } = await post("session");
    return new Session(`session/${session}`);
  }

  constructor(path) {
    this.path = path;
  }

  /** What is read in a frame of so many seconds. */
  read(jpeg, time) {
    return post(`${this.path}/frame?time=${time}`, jpeg);
  }

  record() {
    return post(`${this.path}/record`);
  }

  stop() {
    return post(`${this.path}/stop`);
  }

  /** Ends it, even while the page is being closed. */
  end() {
    navigator.sendBeacon(`${this.path}/end`);
  }
}
