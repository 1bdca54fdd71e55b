// What htmx does not say by itself: that no answer came. It is shown where the answer would have been.
"use strict";

const PARTS = ["rows", "challenge-state"];
// These ask by themselves: what they show stays, and what is wrong stands above it until they are answered.
const FOLLOWING = ["waiting", "approval", "manager", "questions"];

function follows(event) {
  return FOLLOWING.includes(event.detail.target?.id);
}

function place(event) {
  const target = event.detail.target;
  if (follows(event)) return document.getElementById(`${target.id}-problem`);
  return PARTS.includes(target?.id) ? target : document.getElementById("problem");
}

function noAnswer(event) {
  const refusal = document.getElementById("no-answer").content.cloneNode(true);
  place(event)?.replaceChildren(refusal);
}

document.addEventListener("htmx:sendError", noAnswer);
document.addEventListener("htmx:timeout", noAnswer);
// What was wrong before is not wrong with what is asked now.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!follows(event)) document.getElementById("problem")?.replaceChildren();
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (follows(event) && event.detail.successful) place(event)?.replaceChildren();
});
