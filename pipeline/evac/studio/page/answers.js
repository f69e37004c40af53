// Answers come when they come: late, in another order than asked, or when nobody waits for them any more.
import { fill, h, say } from "./dom.js";
import { problemsList } from "./problems.js";

const SLOW_MS = 400;

/** Tell which answer is to the newest question: call it where one is put, and what it returns where the answer is there. */
export function newestOf() {
  let last = 0;
  return () => {
    const mine = last += 1;
    return () => mine === last;
  };
}

/** Return what does one thing after the other: each begins when what was asked before has been answered, well or not. */
export function oneByOne() {
  let turn = Promise.resolve();
  return (work) => {
    const done = turn.then(work);
    turn = done.catch(() => { /* who asked is told */ });
    return done;
  };
}

/**
 * What a press of a button sends. Another press before the answer is left out; what takes long is told, and what goes wrong.
 * @param {HTMLElement} told
 * @param {(...given: any[]) => Promise<any>} work
 * @param {() => string} [words] what is told when it takes long
 */
export function sending(told, work, words = () => say("Sent; no answer yet …")) {
  let isUnderWay = false;
  return async (...given) => {
    if (isUnderWay) return;
    isUnderWay = true;
    fill(told);
    const slow = setTimeout(() => fill(told, h("p", { class: "busy" }, words())), SLOW_MS);
    try {
      await work(...given);
      clearTimeout(slow);
      fill(told);
    } catch (error) {
      clearTimeout(slow);
      fill(told, error.element ?? problemsList(error));
    } finally {
      isUnderWay = false;
    }
  };
}

/** As `sending`, for a form. */
export function sendingForm(told, work) {
  const send = sending(told, work);
  return (event) => {
    event.preventDefault();
    send();
  };
}
