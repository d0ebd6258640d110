// Where `import` looks for a package that is not beside the module that asks for it: in the folders of NODE_PATH.
import { dirname, join, delimiter } from "node:path";
import { env } from "node:process";
import { pathToFileURL } from "node:url";

const places = (env.NODE_PATH ?? "").split(delimiter).filter(Boolean).map((folder) => pathToFileURL(join(dirname(folder), "import.mjs")).href);
const isPackage = (name) => !/^([./]|[a-z]+:)/.test(name);
const isMissing = (error) => error?.code === "ERR_MODULE_NOT_FOUND" || error?.code === "MODULE_NOT_FOUND";

export async function resolve(name, context, next) {
  try {
    return await next(name, context);
  } catch (error) {
    if (!isPackage(name) || !isMissing(error)) throw error;
    for (const parentURL of places) {
      try {
        return await next(name, { ...context, parentURL });
      } catch (other) {
        if (!isMissing(other)) throw other;
      }
    }
    throw error;
  }
}

export function resolveSync(name, context, next) {
  try {
    return next(name, context);
  } catch (error) {
    if (!isPackage(name) || !isMissing(error)) throw error;
    for (const parentURL of places) {
      try {
        return next(name, { ...context, parentURL });
      } catch (other) {
        if (!isMissing(other)) throw other;
      }
    }
    throw error;
  }
}
