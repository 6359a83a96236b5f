/** Hands a file to the reader's browser. */
export function download(fileName: string, content: Blob | Uint8Array | string, type = "application/octet-stream"): void {
  const blob = content instanceof Blob ? content : new Blob([content as BlobPart], {type});
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = fileName;
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads the blob after the click has returned.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export interface DownloadButtonOptions {
  label: string;
  fileName: string;
  type: string;
  /** Made when asked for; a rejection is said beside the button. */
  content: () => Promise<Blob | Uint8Array | string> | Blob | Uint8Array | string;
  /** Longer name for screen readers, e.g. "Download Figure 1 as SVG". */
  description?: string;
}

/** A button that makes a file and downloads it. */
export function downloadButton({label, fileName, type, content, description}: DownloadButtonOptions): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "m-download";
  button.textContent = label;
  if (description !== undefined) button.setAttribute("aria-label", description);
  button.title = fileName;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      download(fileName, await content(), type);
      button.removeAttribute("data-failed");
    } catch (error) {
      button.dataset.failed = error instanceof Error ? error.message : String(error);
      button.title = `${fileName} could not be made: ${button.dataset.failed}`;
    } finally {
      button.disabled = false;
    }
  });
  return button;
}
