// Waits: for a time, and for the tab to be seen.

export const pause = (milliseconds, signal) => new Promise(resolve => {
  const timer = setTimeout(resolve, milliseconds);
  signal?.addEventListener("abort", () => {
    clearTimeout(timer);
    resolve();
  }, {once: true});
});

export const visible = signal => new Promise(resolve => {
  if (!document.hidden || signal.aborted) {
    resolve();
    return;
  }
  const look = () => {
    if (!document.hidden || signal.aborted) {
      document.removeEventListener("visibilitychange", look);
      resolve();
    }
  };
  document.addEventListener("visibilitychange", look);
  signal.addEventListener("abort", look, {once: true});
});

export const backoff = failures => Math.min(30_000, 1000 * 2 ** failures) * (0.5 + Math.random() / 2);
