// Photographs by a computer's camera. Phones have a camera program of their own, which is better.
"use strict";

const view = document.getElementById("viewfinder");
const video = view.querySelector("video");
const by = (selector, value) => view.querySelector(selector).addEventListener("click", () => view.close(value));

export const isHeldInHand = matchMedia("(pointer: coarse)").matches;
export const canPhotograph = Boolean(navigator.mediaDevices?.getUserMedia);

by(".shoot", "shoot");
by(".leave", "");

// Shows what the camera sees; returns the photograph, or null where none was taken.
export async function photograph() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1920 } } });
  } catch (error) {
    throw new Error(`No camera could be used: ${error.message}.`);
  }
  try {
    video.srcObject = stream;
    view.returnValue = "";
    view.showModal();
    await video.play();
    await new Promise((done) => view.addEventListener("close", done, { once: true }));
    return view.returnValue === "shoot" ? await still() : null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    view.close();
  }
}

async function still() {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  const kind = "image/jpeg";
  const blob = await new Promise((done) => canvas.toBlob(done, kind, 0.95));
  return new File([blob], "photograph.jpg", { type: kind });
}
