// What the page asks the server, with its key in a header: no cookie, which other ports of the machine would be sent too.
import { say } from "./dom.js";

const KEY = "evac-studio-key";

/** What the server refuses: a sentence, and the problems with their places where there are some. */
export class Refused extends Error {
  constructor(status, told) {
    super(told.error ?? (told.problems ?? []).map((problem) => (problem.told || problem.what)).join("\n"));
    this.status = status;
    this.problems = told.problems ?? [];
  }
}

/** Give the token of the address for a key; keep the one that is there when the address has none, or a used one. */
export async function openSession() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  history.replaceState(null, "", location.pathname);
  try {
    const { key } = await ask("session", { method: "POST", body: { token } });
    localStorage.setItem(KEY, key);
  } catch (error) {
    if (!localStorage.getItem(KEY)) throw error;
  }
}

function options({ method = "GET", body, headers = {}, signal } = {}) {
  const sent = { ...headers, Authorization: `Bearer ${localStorage.getItem(KEY) ?? ""}` };
  const isFile = body instanceof Blob;
  if (body !== undefined && !isFile) sent["Content-Type"] = "application/json";
  return { method, headers: sent, body: body === undefined || isFile ? body : JSON.stringify(body), signal };
}

async function answered(path, given) {
  const response = await fetch(`/api/${path}`, options(given)).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, { error: say("The studio doesn't answer. Is it still running in its terminal? What was asked for isn't lost: start it again, and open the address that it shows.") });
  });
  if (response.ok) return response;
  let told = {};
  try { told = await response.json(); } catch { /* no words: the number has to do */ }
  throw new Refused(response.status, told.error || told.problems ? told : { error: `${response.status} ${response.statusText}` });
}

const foreseen = new Map();

/** Ask already what the page is about to ask: who then does gets this answer. */
export function foresee(path) {
  const answer = ask(path);
  answer.catch(() => { /* told to whoever asks */ });
  foreseen.set(path, answer);
}

/** Forget what was foreseen and hasn't been asked: it would be old by then. */
export function foreseeNoMore() { foreseen.clear(); }

/**
 * Ask a question and return the answer.
 * @param {string} path below /api/
 * @param {{method?: string, body?: object|Blob, headers?: object, signal?: AbortSignal}} [given]
 */
export async function ask(path, given) {
  const answer = given ? null : foreseen.get(path);
  if (answer) {
    foreseen.delete(path);
    return answer;
  }
  return (await askWhole(path, given)).content;
}

/** As `ask`, with the answer's tag: what a change of it must name. */
export async function askWhole(path, given) {
  const response = await answered(path, given);
  const text = await response.text();
  return { content: text ? JSON.parse(text) : null, tag: response.headers.get("ETag") };
}

/**
 * Hear a stream of events to its end.
 * @param {string} path below /api/
 * @param {(kind: string, content: object) => void} hear
 * @param {{signal?: AbortSignal}} [given]
 */
export async function listen(path, hear, given) {
  const response = await answered(path, given);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value.replaceAll("\r\n", "\n");
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      const lines = rest.slice(0, end).split("\n");
      rest = rest.slice(end + 2);
      const of = (name) => lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim()).join("\n");
      if (of("data")) hear(of("event") || "message", JSON.parse(of("data")));
    }
  }
}

/** Save an answer as a file. */
export async function download(path, name) {
  const response = await answered(path, {});
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A part of a path, from a name. */
export const part = (name) => encodeURIComponent(name);
