// The page over the API: pictures in, answers out. Text from outside only ever becomes text.
"use strict";

import { canPhotograph, isHeldInHand, photograph } from "./camera.js";

const MOST_FILES = 16;
const MOST_BYTES = 16 * 2 ** 20;
const TRIES = 5;
const find = (id) => document.getElementById(id);
const percent = (share) => `${(100 * share).toFixed(1)}%`;
const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
const wait = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

let token = sessionStorage.getItem("token");
let model = null;
let queue = Promise.resolve();
const early = [];

async function ask(path, options = {}) {
  const headers = new Headers(options.headers);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  for (let tries = 1; ; tries += 1) {
    let response;
    try {
      response = await fetch(path, { ...options, headers });
    } catch {
      throw new Error("The server cannot be reached.");
    }
    const body = await response.json().catch(() => ({}));
    if (response.ok) return body;
    if (response.status === 401) {
      find("login").hidden = false;
      find("outside").hidden = true;
      body.detail = token ? "This token is not the one of this server." : "Give the token of this server.";
    }
    if (response.status !== 503 || tries === TRIES) {
      const error = new Error(body.detail || `The server answered with ${response.status}.`);
      throw Object.assign(error, { status: response.status });
    }
    await wait(Number(response.headers.get("Retry-After")) || 1);
  }
}

function say(text) {
  find("status").textContent = text;
}

function element(kind, text, name = "") {
  const made = document.createElement(kind);
  made.textContent = text;
  made.className = name;
  return made;
}

function describe(answer) {
  const set = answer.set.map((choice) => choice.label);
  switch (answer.verdict) {
    case "error": return `Cannot be answered: ${answer.error.replace(/^[a-z-]+: /, "")}`;
    case "unknown": return "Unknown: unlike all that this model was trained on";
    case "unsure": return `Unsure: ${set.length === 1 ? "perhaps " : ""}${set.join(" or ")}`;
    default: return answer.choices[0].label;
  }
}

function bar(choice, marked) {
  const row = element("li", "", marked ? "marked" : "");
  const meter = document.createElement("meter");
  meter.value = choice.probability;
  meter.setAttribute("aria-label", `Probability of ${choice.label}`);
  meter.textContent = percent(choice.probability);
  row.append(element("span", choice.label), meter, element("span", percent(choice.probability), "share"));
  return row;
}

function show(file, answer, words, asked) {
  const item = find("answer").content.cloneNode(true).querySelector("li");
  const picture = item.querySelector("img");
  const failed = answer.verdict === "error";
  item.querySelector(".name").textContent = file.name || "Pasted picture";
  const verdict = item.querySelector(".verdict");
  verdict.textContent = describe(answer);
  verdict.classList.add(answer.verdict);
  const marked = new Set(answer.set.map((choice) => choice.label));
  item.querySelector(".bars").append(...answer.choices.map((one) => bar(one, marked.has(one.label))));
  item.querySelector(".time").textContent = words;
  if (failed) {
    picture.remove();
    item.querySelector(".bars").remove();
    item.querySelector(".buttons").remove();
  } else {
    picture.src = URL.createObjectURL(file);
    picture.alt = `Your picture ${file.name}`;
    picture.addEventListener("error", () => { picture.alt = "This browser cannot show it."; });
    const why = item.querySelector(".why");
    why.setAttribute("aria-label", `Which pixels decided about ${file.name}?`);
    why.addEventListener("click", () => explain(file, picture, why, asked));
  }
  find("answers").append(item);
  find("clear").hidden = false;
}

// The button stays where the focus is, so that the keyboard does not lose its place.
async function explain(file, picture, button, asked) {
  if (button.getAttribute("aria-disabled") === "true") return;
  const question = button.textContent;
  button.setAttribute("aria-disabled", "true");
  button.textContent = "Looking…";
  button.parentElement.querySelector("p")?.remove(); // what went wrong before
  try {
    const found = await ask(`v1/explain?model=${encodeURIComponent(asked)}`, { method: "POST", body: file });
    URL.revokeObjectURL(picture.src);
    picture.src = `data:image/png;base64,${found.overlay}`;
    picture.alt = `Heat map over ${file.name}: bright parts speak for ${found.label}`;
    const said = element("p", `Bright parts speak for ${found.label}. Whether this map means anything was not tested.`, "soft");
    said.tabIndex = -1;
    const hadFocus = document.activeElement === button;
    button.replaceWith(said);
    if (hadFocus) said.focus();
    say(`Heat map of ${file.name}: bright parts speak for ${found.label}.`);
  } catch (error) {
    button.removeAttribute("aria-disabled");
    button.textContent = question;
    button.after(element("p", error.message, "soft"));
    say(`No heat map of ${file.name}: ${error.message}`);
  }
}

async function isReadable(file) {
  try {
    await file.stream().getReader().read();
    return true;
  } catch {
    return false; // a folder, or a file that is gone
  }
}

// Returns how many of the pictures were answered.
async function predict(files, asked) {
  const form = new FormData();
  for (const file of files) form.append("images", file, file.name || "picture");
  const by = find("model").length > 1 ? asked : ""; // of one model the page need not say the name
  const began = performance.now();
  try {
    const found = await ask(`v1/predict?model=${encodeURIComponent(asked)}`, { method: "POST", body: form });
    const all = Math.round(performance.now() - began);
    const inside = Math.round(1000 * found.seconds);
    const together = files.length > 1 ? ` for ${files.length} together` : "";
    const words = `${by && `By ${by}: `}${inside} ms in the server, ${all} ms with the way there${together}`;
    found.predictions.forEach((answer, place) => show(files[place], answer, words, asked));
    return found.predictions.filter((answer) => answer.verdict !== "error").length;
  } catch (error) {
    const isOne = files.length === 1; // of several one may be too large, or no file at all
    if (!isOne && (error.status === 413 || !error.status)) {
      let answered = 0;
      for (const file of files) answered += await predict([file], asked);
      return answered;
    }
    const why = isOne && !(await isReadable(files[0])) ? "This is no file that can be read." : error.message;
    for (const file of files) show(file, { verdict: "error", error: why, choices: [], set: [] }, by && `By ${by}`, asked);
    return 0;
  }
}

function parts(files) {
  const found = [];
  let bytes = Infinity;
  for (const file of files) {
    if (bytes + file.size > MOST_BYTES || found.at(-1).length === MOST_FILES) {
      found.push([]);
      bytes = 0;
    }
    found.at(-1).push(file);
    bytes += file.size;
  }
  return found;
}

async function predictAll(given, chosen) {
  const files = [...early.splice(0), ...given];
  if (!model) await begin();
  if (!model) {
    early.push(...files); // until there is a token
    return;
  }
  const asked = chosen ?? model;
  find("drop").setAttribute("aria-busy", "true");
  let done = 0;
  let answered = 0;
  for (const part of parts(files)) {
    say(`${done} of ${count(files.length, "picture")} done …`);
    answered += await predict(part, asked);
    done += part.length;
  }
  const failed = done - answered;
  say(`${count(answered, "picture")} answered${failed ? `, ${failed} not: their rows say why` : ""}.`);
  find("drop").removeAttribute("aria-busy");
  await card();
}

function take(list) {
  const files = [...list];
  if (!files.length) return;
  const chosen = model; // when the files are given, not when it is their turn
  queue = queue.then(() => predictAll(files, chosen)).catch((error) => say(error.message));
}

async function card() {
  const asked = model;
  let found;
  try {
    found = await ask(`v1/models/${encodeURIComponent(asked)}`);
  } catch (error) {
    say(error.message);
    return;
  }
  if (asked !== model) return; // another was chosen meanwhile, and has its own answer
  const facts = Object.entries(found.facts);
  find("facts").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  find("lights").replaceChildren(...found.drift.map((light) => element("li", light.message, light.state)));
  find("card").hidden = false;
  document.title = `${model}: tellapart`;
}

async function begin() {
  try {
    const { models, keeps_unsure: keeps } = await ask("v1/models");
    find("login").hidden = true;
    find("outside").hidden = Boolean(token);
    model = models[0].name;
    find("model").replaceChildren(...models.map((one) => element("option", one.name)));
    find("choice").hidden = models.length < 2;
    find("kept").textContent = keeps
      ? "Pictures go to this server only; those that it is unsure about are kept there to learn from."
      : "Pictures go to this server only, and are not kept there.";
    if (token) sessionStorage.setItem("token", token);
    await card();
    say("");
  } catch (error) {
    say(error.message);
  }
}

find("choose").addEventListener("click", () => find("files").click());
find("photograph").hidden = !isHeldInHand && !canPhotograph;
find("photograph").addEventListener("click", () => {
  if (isHeldInHand) find("camera").click();
  else photograph().then((file) => { if (file) take([file]); }).catch((error) => say(error.message));
});
for (const id of ["files", "camera"]) {
  find(id).addEventListener("change", (event) => {
    take(event.target.files);
    event.target.value = "";
  });
}
find("clear").addEventListener("click", () => {
  for (const picture of document.querySelectorAll(".picture")) URL.revokeObjectURL(picture.src);
  find("answers").replaceChildren();
  find("clear").hidden = true;
  find("choose").focus();
  say("All answers removed.");
});
find("model").addEventListener("change", (event) => {
  model = event.target.value;
  card();
});
find("login").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = find("token").value.trim();
  if (!/^[\x21-\x7e]+$/.test(given)) {
    say("A token has no spaces, and only letters, digits and signs of plain ASCII. Copy it anew.");
    return;
  }
  token = given;
  begin().then(() => {
    if (!model) return;
    find("choose").focus();
    take(early.splice(0));
  });
});
for (const kind of ["dragover", "dragenter"]) {
  addEventListener(kind, (event) => {
    event.preventDefault();
    find("drop").classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) {
  addEventListener(kind, () => find("drop").classList.remove("over"));
}
addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) take(event.dataTransfer.files);
  else say("That was no file. Save the picture and drop the file, or copy the picture and paste it.");
});
addEventListener("paste", (event) => {
  if (event.target.closest?.("input")) return;
  if (event.clipboardData.files.length) take(event.clipboardData.files);
  else say("What was pasted is no picture.");
});
begin();
