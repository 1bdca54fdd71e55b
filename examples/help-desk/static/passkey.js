// Asks the browser for a passkey, as the page's form says, and sends the answer with that form.
"use strict";

const reads = window.PublicKeyCredential;
// A browser without these, or an address that is no name, has no passkeys for this page.
const can = reads?.parseRequestOptionsFromJSON && reads?.parseCreationOptionsFromJSON
  && !/^[\d.]+$|^\[/.test(location.hostname);

async function ask(form) {
  const options = JSON.parse(form.dataset.options);
  if (form.dataset.passkey === "create") {
    return navigator.credentials.create({ publicKey: reads.parseCreationOptionsFromJSON(options) });
  }
  return navigator.credentials.get({ publicKey: reads.parseRequestOptionsFromJSON(options) });
}

async function answer(form) {
  const button = form.querySelector("button");
  const failed = form.querySelector("[data-failed]");
  button.disabled = true;
  failed.hidden = true;
  try {
    const credential = await ask(form);
    form.elements.namedItem("answer").value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch {
    // Why, the browser has shown itself; it does not tell the page.
    failed.hidden = false;
    button.disabled = false;
    button.focus();
  }
}

const seen = new WeakSet();

function look(root) {
  for (const part of root.querySelectorAll("[data-passkey-can]")) {
    part.hidden = part.dataset.passkeyCan !== String(Boolean(can));
  }
  if (!can) return;
  for (const form of root.querySelectorAll("form[data-passkey]")) {
    if (seen.has(form)) continue;
    seen.add(form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer(form);
    });
    answer(form);
  }
}

look(document);
// A part of a page that came later.
document.addEventListener("htmx:load", (event) => look(event.detail.elt));
