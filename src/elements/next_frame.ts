const waiting = new Set<() => void>();

/**
 * Runs `render` once before the next frame is painted, however often it is asked for until then.
 * All elements of a page share the frame, so their layout work is done in one go. In a hidden tab
 * nothing is painted and nothing runs.
 */
export function onNextFrame(render: () => void): void {
  if (waiting.size === 0) requestAnimationFrame(renderAll);
  waiting.add(render);
}

function renderAll(): void {
  const renders = [...waiting];
  waiting.clear();
  for (const render of renders) {
    try {
      render();
    } catch (error) {
      reportError(error);
    }
  }
}
