import {createReadStream} from "node:fs";
import {stat} from "node:fs/promises";
import {createServer} from "node:http";
import {extname, join, normalize} from "node:path";

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".txt": "text/plain; charset=utf-8"
};

/** A plain static server of a folder under a path: it adds no `.html` and no headers, as the simplest host does. */
export async function serve(folder: string, base = "/"): Promise<{origin: string; url: string; close(): Promise<void>}> {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    if (!path.startsWith(base)) return void response.writeHead(404).end();
    let file = join(folder, normalize(`/${path.slice(base.length)}`));
    try {
      if ((await stat(file)).isDirectory()) file = join(file, "index.html");
      const {size} = await stat(file);
      response.writeHead(200, {"content-type": types[extname(file)] ?? "application/octet-stream", "content-length": size});
      createReadStream(file).pipe(response);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    origin,
    url: origin + base,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      })
  };
}
