// Knappen "Kopiera" i kortet (card.py). Utan skript finns den inte: texten går att markera.
for (const button of document.querySelectorAll(".dqn-copy[hidden]")) {
  const code = button.parentElement.querySelector("pre");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Kopierat";
    } catch {
      getSelection().selectAllChildren(code); // urklippet är spärrat: markera i stället
      button.textContent = "Markerat, tryck Ctrl+C";
    }
  });
}
