// Voice messages: recorded in the page, heard once more, sent with the form. The server makes of them what WhatsApp takes.
// A recording that was not sent is kept for its chat as long as the page lives; one that runs is stopped and kept when
// another chat is opened.

import { put } from "./attaching.js";
import { el } from "./elements.js";
import { tellUser } from "./told.js";
import { _ } from "./words.js";

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"]; // what browsers record: the first that one can

const held = new Map(); // recordings by the key of their chat

let recording = null; // the recorder that runs now, and its microphone
let here = null; // the chat that is on the page: its key, and where its recording is shown

export const isRecording = () => recording !== null;

export const forgetRecording = (key) => held.delete(key);

/** Take the form of the chat `key` that is on the page now. `say` tells a sentence beside the field. */
export function showRecorder(form, key, say) {
  const button = form.querySelector("button.record");
  const panel = form.querySelector(".recording");
  const field = form.elements.namedItem("voice");
  here = { key, panel, field };
  if (!button || !globalThis.MediaRecorder || !navigator.mediaDevices) return;
  button.hidden = false;
  button.addEventListener("click", () => (isRecording() ? finish() : record(form, key, panel, field, say)));
  form.addEventListener("emptied", () => {
    held.delete(key);
    put(field, []);
    panel.replaceChildren();
    panel.hidden = true;
  });
  if (held.has(key)) listen(key, panel, field);
}

async function record(form, key, panel, field, say) {
  let microphone;
  try {
    microphone = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
  } catch {
    say(_("The browser gives no microphone: allow it for this page, or send a file."));
    return;
  }
  if (isRecording() || !form.isConnected) {
    release(microphone);
    return;
  }
  held.delete(key);
  put(field, []);
  const pieces = [];
  const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
  const recorder = new MediaRecorder(microphone, { audioBitsPerSecond: 32_000, ...(type && { mimeType: type }) });
  const since = Date.now();
  const name = document.querySelector("#with").textContent;
  const clock = el("output", {}, "0:00");
  const cancel = el("button", { type: "button" }, _("Cancel"));
  const stop = el("button", { type: "button", class: "stop" }, _("Stop"));
  const timer = setInterval(() => {
    const seconds = Math.floor((Date.now() - since) / 1000);
    clock.textContent = timeOf(seconds);
    if (seconds >= Number(form.dataset.longest)) finish();
  }, 250);
  recording = { recorder, drop: false };
  recorder.ondataavailable = ({ data }) => data.size && pieces.push(data);
  recorder.onstop = () => {
    const { drop } = recording;
    recording = null;
    clearInterval(timer);
    release(microphone);
    panel.replaceChildren();
    panel.hidden = true;
    form.dispatchEvent(new Event("change"));
    if (drop || !pieces.length) return;
    held.set(key, new File(pieces, "recording", { type: recorder.mimeType }));
    if (form.isConnected) listen(key, panel, field).focus();
    else {
      if (here.key === key) listen(key, here.panel, here.field); // its chat was opened again
      tellUser(_("The recording for %(name)s was stopped, and is kept in that chat.", { name }));
    }
  };
  cancel.addEventListener("click", () => finish(true));
  stop.addEventListener("click", () => finish());
  panel.replaceChildren(el("span", { class: "dot", "aria-hidden": "true" }), el("span", {}, _("Recording")), clock, cancel, stop);
  panel.hidden = false;
  recorder.start(1000);
  form.dispatchEvent(new Event("change"));
  stop.focus();
}

/** End the recording; `drop`: nothing of it is kept. */
function finish(drop = false) {
  if (!recording || recording.recorder.state === "inactive") return;
  recording.drop = drop;
  recording.recorder.stop();
}

/** Show what was recorded, to be heard before it is sent. Returns the button that takes it away. */
function listen(key, panel, field) {
  const file = held.get(key);
  const address = URL.createObjectURL(file);
  const remove = el("button", { type: "button" }, _("Take the recording away"));
  remove.addEventListener("click", () => {
    URL.revokeObjectURL(address);
    held.delete(key);
    put(field, []);
    panel.replaceChildren();
    panel.hidden = true;
  });
  put(field, [file]);
  panel.replaceChildren(el("audio", { src: address, controls: true, "aria-label": _("Your recording") }), remove);
  panel.hidden = false;
  return remove;
}

const release = (microphone) => microphone.getTracks().forEach((track) => track.stop());

const timeOf = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

// Another chat is opened, or the page is left, of which the browser asks first: the microphone is given back.
document.addEventListener("leaving", () => finish());
addEventListener("pagehide", () => finish(true));
