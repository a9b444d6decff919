// Four sounds, one shape each, so that nobody has to look: a short high tone, a rising pair, two equal tones, a long low one.
"use strict";
window.kura = window.kura || {};
(() => {
  const form = document.getElementById("scan");
  const shapes = {
    ok: [["sine", 1046, 0, 0.09]],
    info: [["sine", 784, 0, 0.08], ["sine", 1046, 0.1, 0.12]],
    warn: [["triangle", 523, 0, 0.12], ["triangle", 523, 0.18, 0.12]],
    bad: [["sawtooth", 196, 0, 0.45]],
  };
  const volume = document.getElementById("volume");
  const mute = document.getElementById("mute");
  const own = form.dataset.registered === "yes"; // a registered terminal keeps its sound on the server, others here
  let muted = own ? form.dataset.sound === "off" : localStorage.getItem("counter-muted") === "yes";
  if (!own) volume.value = localStorage.getItem("counter-volume") || volume.value;
  let audio = null;
  const play = (tone) => {
    if (muted || Number(volume.value) === 0 || !shapes[tone] || !window.AudioContext) return;
    audio = audio || new AudioContext();
    for (const [type, pitch, start, length] of shapes[tone]) {
      const source = audio.createOscillator();
      const gain = audio.createGain();
      source.type = type;
      source.frequency.value = pitch;
      gain.gain.value = (Number(volume.value) / 100) * 0.3;
      source.connect(gain).connect(audio.destination);
      source.start(audio.currentTime + start);
      source.stop(audio.currentTime + start + length);
    }
  };
  const keep = () => {
    if (!own) {
      localStorage.setItem("counter-volume", volume.value);
      localStorage.setItem("counter-muted", muted ? "yes" : "no");
      return;
    }
    const body = new URLSearchParams({ csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value, sound: muted ? "off" : "on", volume: volume.value });
    fetch(form.dataset.tune, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
  };
  const show = () => mute.setAttribute("aria-pressed", String(muted));
  volume.addEventListener("change", () => { keep(); play("ok"); });
  mute.addEventListener("click", () => { muted = !muted; show(); keep(); });
  show();
  window.kura.sound = play;
})();
