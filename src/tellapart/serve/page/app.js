// The page over the API: pictures in, answers out. Text from outside only ever becomes text.
"use strict";

const BATCH = 16;
const find = (id) => document.getElementById(id);
const percent = (share) => `${(100 * share).toFixed(1)}%`;

let token = sessionStorage.getItem("token");
let model = null;

async function ask(path, options = {}) {
  const headers = new Headers(options.headers);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  const response = await fetch(path, { ...options, headers });
  if (response.status === 401) find("login").hidden = false;
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Error(body.detail || `The server answered with ${response.status}.`);
  }
  return body;
}

function say(text) {
  find("status").textContent = text;
}

function element(kind, text, name) {
  const made = document.createElement(kind);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}

function describe(answer) {
  if (answer.verdict === "error") return `Not a picture that can be read. ${answer.error}`;
  if (answer.verdict === "unknown") return "Unknown: nothing that this model has learned";
  if (answer.verdict === "unsure") return `Unsure: ${answer.set.join(" or ")}`;
  return answer.choices[0].label;
}

function show(file, answer, milliseconds) {
  const item = find("answer").content.cloneNode(true).querySelector("li");
  const picture = item.querySelector("img");
  if (answer.verdict === "error") {
    picture.remove();
  } else {
    picture.src = URL.createObjectURL(file);
    picture.alt = `The picture ${file.name}`;
  }
  item.querySelector(".name").textContent = file.name;
  const verdict = item.querySelector(".verdict");
  verdict.textContent = describe(answer);
  verdict.classList.add(answer.verdict);
  const bars = item.querySelector(".bars");
  for (const choice of answer.choices) {
    const row = document.createElement("li");
    const meter = document.createElement("meter");
    meter.value = choice.probability;
    meter.setAttribute("aria-label", choice.label);
    row.append(element("span", choice.label), meter);
    row.append(element("span", percent(choice.probability), "share"));
    bars.append(row);
  }
  if (!answer.choices.length) bars.remove();
  item.querySelector(".time").textContent = `${milliseconds.toFixed(0)} ms, with the way here`;
  const why = item.querySelector(".why");
  if (answer.verdict === "error") why.remove();
  else why.addEventListener("click", () => explain(file, picture, why));
  find("answers").prepend(item);
  find("clear").hidden = false;
}

async function explain(file, picture, button) {
  button.disabled = true;
  button.textContent = "Looking…";
  try {
    const found = await ask(`v1/explain?model=${encodeURIComponent(model)}`, { method: "POST", body: file });
    picture.src = `data:image/png;base64,${found.overlay}`;
    picture.alt = `Heat map: the bright parts of ${file.name} spoke for ${found.label}`;
    button.textContent = `Bright parts spoke for ${found.label}`;
  } catch (error) {
    button.textContent = error.message;
  }
}

async function predict(files) {
  const began = performance.now();
  const form = new FormData();
  for (const file of files) form.append("images", file, file.name);
  const found = await ask(`v1/predict?model=${encodeURIComponent(model)}`, { method: "POST", body: form });
  const each = (performance.now() - began) / files.length;
  found.predictions.forEach((answer, place) => show(files[place], answer, each));
}

async function predictAll(list) {
  const files = [...list];
  if (!files.length) return;
  find("drop").setAttribute("aria-busy", "true");
  let done = 0;
  try {
    for (let first = 0; first < files.length; first += BATCH) {
      say(`Asking about ${files.length} picture${files.length === 1 ? "" : "s"}: ${done} done.`);
      const part = files.slice(first, first + BATCH);
      await predict(part);
      done += part.length;
    }
    say(`${done} picture${done === 1 ? "" : "s"} answered.`);
  } catch (error) {
    say(`${done} of ${files.length} answered. ${error.message}`);
  }
  find("drop").removeAttribute("aria-busy");
  lights();
}

async function lights() {
  try {
    const found = await ask(`v1/models/${encodeURIComponent(model)}`);
    const list = found.drift.map((light) => element("li", light.message, light.state));
    find("lights").replaceChildren(...list);
  } catch (error) {
    find("lights").replaceChildren(element("li", error.message, "waiting"));
  }
}

async function card() {
  const found = await ask(`v1/models/${encodeURIComponent(model)}`);
  const parts = [];
  for (const [name, value] of Object.entries(found.facts)) {
    parts.push(element("dt", name), element("dd", value));
  }
  find("facts").replaceChildren(...parts);
  find("card").hidden = false;
  document.title = `${model}: tellapart`;
  lights();
}

async function begin() {
  try {
    const { models } = await ask("v1/models");
    find("login").hidden = true;
    model = models[0].name;
    find("model").replaceChildren(...models.map((one) => element("option", one.name)));
    find("choice").hidden = models.length < 2;
    await card();
    say("");
  } catch (error) {
    say(error.message);
  }
}

find("choose").addEventListener("click", () => find("files").click());
find("photograph").addEventListener("click", () => find("camera").click());
for (const id of ["files", "camera"]) {
  find(id).addEventListener("change", (event) => {
    predictAll(event.target.files).then(() => { event.target.value = ""; });
  });
}
find("clear").addEventListener("click", () => {
  for (const picture of document.querySelectorAll(".picture")) URL.revokeObjectURL(picture.src);
  find("answers").replaceChildren();
  find("clear").hidden = true;
  say("All answers removed.");
});
find("model").addEventListener("change", (event) => {
  model = event.target.value;
  card();
});
find("login").addEventListener("submit", (event) => {
  event.preventDefault();
  token = find("token").value;
  sessionStorage.setItem("token", token);
  begin();
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
  predictAll(event.dataTransfer.files);
});
addEventListener("paste", (event) => predictAll(event.clipboardData.files));
begin();
