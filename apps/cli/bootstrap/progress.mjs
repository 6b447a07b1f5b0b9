/** One line of progress: rewritten with a running clock on a terminal, one line a step in a pipe. */

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

export function createProgress(stream = process.stderr, now = () => performance.now()) {
  const live = Boolean(stream.isTTY);
  const open = new Map();
  let timer = null;
  let frame = 0;

  const seconds = (since) => ((now() - since) / 1000).toFixed(0);
  const draw = () => {
    frame = (frame + 1) % frames.length;
    const steps = [...open].map(([name, since]) => `${name} ${seconds(since)} s`).join(" · ");
    stream.write(`\r\u001b[2K${frames[frame]} ${steps}`);
  };
  const clear = () => {
    if (live) stream.write("\r\u001b[2K");
  };

  return {
    /** Runs one step under its name; `note` says beforehand how long it may take. */
    async step(name, note, work) {
      const since = now();
      open.set(name, since);
      if (live) {
        timer ??= setInterval(draw, 100);
        draw();
      } else {
        stream.write(`${name}${note ? ` (${note})` : ""} …\n`);
      }
      try {
        const result = await work();
        clear();
        stream.write(`${live ? "✓ " : ""}${name}: ${((now() - since) / 1000).toFixed(1)} s\n`);
        return result;
      } finally {
        open.delete(name);
        if (open.size === 0 && timer !== null) {
          clearInterval(timer);
          timer = null;
          clear();
        }
      }
    },
    say(text) {
      clear();
      stream.write(`${text}\n`);
    },
  };
}
