// Calls the official SDK for JavaScript: `{"host": …, "token": …, "calls": [[path, arguments], …]}` on standard input.
//
// It prints for each call `{"data": …}` or `{"error": …}`, or null where the SDK has no method for the path.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const main = createRequire(import.meta.url).resolve("tiktok-business-api-sdk-official");
const sdk = await import(pathToFileURL(main));
const PATH = /'\/open_api\/v1\.3\/([a-z_0-9/]+)', 'GET'/;
const PARAMETERS = /^\w+\(([^)]*)\)/;

// The SDK's method for each path that it reads: the class, the name and the names of the parameters.
function methods() {
  const known = {};
  for (const [name, kind] of Object.entries(sdk)) {
    if (!name.endsWith("Api")) continue;
    for (const method of Object.getOwnPropertyNames(kind.prototype).filter((word) => word !== "constructor")) {
      const source = String(kind.prototype[method]);
      const path = PATH.exec(source);
      if (path) known[path[1]] = [kind, method, PARAMETERS.exec(source)[1].split(",").map((word) => word.trim())];
    }
  }
  return known;
}

function call(client, token, [kind, method, parameters], own) {
  return new Promise((resolve) => {
    const done = (error, data) => resolve(error ? { error: String(error.message ?? error) } : { data });
    const special = { Access_Token: token, opts: own, callback: done };
    try {
      new kind(client)[method](...parameters.map((name) => special[name] ?? own[name]));
    } catch (error) {
      resolve({ error: String(error.message) });
    }
  });
}

const request = JSON.parse(readFileSync(0, "utf8"));
const client = new sdk.ApiClient();
client.basePath = request.host;
const known = methods();
const answers = [];
for (const [path, own] of request.calls) {
  answers.push(known[path] ? await call(client, request.token, known[path], own) : null);
}
console.log(JSON.stringify(answers));
