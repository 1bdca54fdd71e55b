// What htmx does not say by itself: that no answer came. It is shown where the answer would have been.
"use strict";

const PARTS = ["rows", "challenge-state"];

function place(event) {
  const target = event.detail.target;
  return target && PARTS.includes(target.id) ? target : document.getElementById("problem");
}

function noAnswer(event) {
  const refusal = document.createElement("div");
  refusal.className = "refusal";
  refusal.setAttribute("role", "alert");
  const what = document.createElement("p");
  what.className = "what";
  what.textContent = "The help desk does not answer.";
  const next = document.createElement("p");
  next.textContent = "Check the connection, then try again; nothing that you typed is lost.";
  refusal.append(what, next);
  place(event)?.replaceChildren(refusal);
}

document.addEventListener("htmx:sendError", noAnswer);
document.addEventListener("htmx:timeout", noAnswer);
// What was wrong before is not wrong with what is asked now.
document.addEventListener("htmx:beforeRequest", () => document.getElementById("problem")?.replaceChildren());
